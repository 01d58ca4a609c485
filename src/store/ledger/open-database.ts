import { chmodSync, closeSync, constants, lstatSync, openSync } from "node:fs";
import Database from "libsql";
import { hasErrno, SandboxError } from "../../core/error.js";
import { pauseThread } from "../../host/pause-thread.js";
import { toDamaged } from "../read-record.js";
import { LEDGER_VERSION, SCHEMA } from "./ledger-sql.js";

/** A connection to the ledger, by libsql: better-sqlite3's interface. */
export type LedgerDatabase = Database.Database;

/** Writers of all processes take turns for at most this long. */
const BUSY_MS = 10_000;
/**
 * Of two connections that both turn a new file to WAL, one is told BUSY at once, whatever its timeout: it holds a lock that the other
 * waits for (https://sqlite.org/c3ref/busy_handler.html). PROTOCOL is a lost race for the first read of the log.
 */
const TAKEN = ["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL"] as const;
const RETRY_MS = 20;
const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Opens the SQLite file at `file` (0600, made where it is missing) with WAL and `synchronous=FULL`: what was committed survives SIGKILL
 * and power cuts (https://sqlite.org/pragma.html#pragma_synchronous). Throws `damaged` where it is no ledger, or one of a newer version, and
 * `usage` where it is a symbolic link or belongs to somebody else.
 */
export function openDatabase(file: string): LedgerDatabase {
  makePrivate(file);
  const end = performance.now() + BUSY_MS;
  for (;;)
    try {
      return connect(file);
    } catch (error) {
      if (!hasErrno(error, ...TAKEN) || performance.now() > end) throw toLedgerError(error, file);
      pauseThread(1 + Math.random() * RETRY_MS);
    }
}

/** Throws SQLite's own errors, with nothing left open. */
function connect(file: string): LedgerDatabase {
  const database = new Database(file, { timeout: BUSY_MS });
  try {
    database.exec(`PRAGMA busy_timeout=${BUSY_MS}`);
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("PRAGMA synchronous=FULL");
    database.exec("PRAGMA foreign_keys=ON");
    migrate(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The one row of a query, or undefined. libsql's own `get` adds fields of its own to the row. */
export function firstRow(
  database: LedgerDatabase,
  sql: string,
  values: readonly (string | number | null)[],
): unknown {
  return database.prepare(sql).all(...values)[0];
}

/**
 * SQLite gives `-wal` and `-shm` the mode of the file itself. A file that is there is not opened: closing it again would give up the locks of
 * every other connection of this process (fcntl(2); https://sqlite.org/howtocorrupt.html 2.2), whereupon another process takes itself for
 * the last one, removes the log, and what it wrote is never seen here.
 */
function makePrivate(file: string): void {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) {
    createEmpty(file);
    return;
  }
  if (stats.isSymbolicLink()) throw refuse(file, "is a symbolic link");
  if (stats.uid !== process.geteuid?.()) throw refuse(file, `belongs to user ${stats.uid}`);
  if (!stats.isFile()) throw refuse(file, "cannot be written");
  // It lies in a directory of ours that nobody else may write to: it is what was looked at.
  if ((stats.mode & 0o077) !== 0) chmodSync(file, 0o600);
}

function createEmpty(file: string): void {
  try {
    closeSync(openSync(file, CREATE, 0o600));
  } catch (error) {
    if (hasErrno(error, "EACCES")) throw refuse(file, "cannot be written", error);
    // Another process was quicker.
    if (!hasErrno(error, "EEXIST")) throw error;
  }
}

/** Whoever else has the file, or chose where it lies, could answer questions in it. */
function refuse(file: string, why: string, cause?: unknown): SandboxError {
  return new SandboxError("usage", `the ledger ${file} ${why}`, {
    hint: "look at it and move it away, or use another SANDBOX_HOME",
    cause,
  });
}

/** Under a write lock, so that of many processes one makes the tables. */
function migrate(database: LedgerDatabase, file: string): void {
  if (readVersion(database) === LEDGER_VERSION) return;
  database
    .transaction(() => {
      const version = readVersion(database);
      if (version > LEDGER_VERSION)
        throw new SandboxError("damaged", `${file} is of a newer version of this program`, {
          hint: "use that version, or another SANDBOX_HOME",
        });
      for (const [at, steps] of SCHEMA.entries()) if (at >= version) database.exec(steps);
      database.exec(`PRAGMA user_version=${LEDGER_VERSION}`);
    })
    .immediate();
}

function readVersion(database: LedgerDatabase): number {
  const row = database.prepare("PRAGMA user_version").raw().all()[0];
  return Array.isArray(row) && typeof row[0] === "number" ? row[0] : 0;
}

/** What SQLite says of the file or the disk, as an error with a line for a person. */
export function toLedgerError(error: unknown, file: string): unknown {
  if (hasErrno(error, "SQLITE_NOTADB", "SQLITE_CORRUPT"))
    return toDamaged(file, "it is no SQLite database");
  if (hasErrno(error, "SQLITE_BUSY", "SQLITE_LOCKED"))
    return new SandboxError("busy", `${file} is held by another process`, {
      hint: "try again",
      cause: error,
    });
  if (hasErrno(error, "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_READONLY"))
    return new SandboxError("unexpected", `${file} cannot be written: nothing was lost`, {
      hint: "make room on its filesystem, then try again",
      cause: error,
    });
  return error;
}
