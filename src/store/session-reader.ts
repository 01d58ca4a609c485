import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import { hasErrno, isSandboxError, SandboxError } from "../core/error.js";
import { parseSessionId, type SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { isAlive } from "../host/process-stamp.js";
import { readRecord, toDamaged } from "./read-record.js";
import { sessionRecordSchema } from "./session-schema.js";
import type { StoreLayout } from "./store-layout.js";

/** A file of the store that could not be used, and why. */
export interface DamagedFile {
  readonly path: string;
  readonly reason: string;
}

/** All sessions, oldest first, and what could not be read. */
export interface SessionList {
  readonly sessions: readonly SessionRecord[];
  readonly damaged: readonly DamagedFile[];
}

/** A directory without a record is one being made, unless it is older than this. */
const UNFINISHED_MS = 60_000;

/** See `Store.readSession`. */
export function readSession(layout: StoreLayout, id: SessionId): SessionRecord {
  const file = path.join(layout.sessionDir(id), "session.json");
  try {
    const record = readRecord(file, sessionRecordSchema);
    if (record.session !== id) throw toDamaged(file, `it is of the session ${record.session}`);
    return asOfNow(record);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new SandboxError("not-found", `no session ${id}`, { hint: "sandbox ls lists them" });
  }
}

/** See `Store.listSessions`. */
export function listSessions(layout: StoreLayout): SessionList {
  const sessions: SessionRecord[] = [];
  const damaged: DamagedFile[] = [];
  for (const id of listIds(layout.sessions, parseSessionId)) {
    try {
      sessions.push(readSession(layout, id));
    } catch (error) {
      const file = toDamagedFile(error, path.join(layout.sessionDir(id), "session.json"));
      if (file !== undefined) damaged.push(file);
    }
  }
  sessions.sort((a, b) => compare(a.startedAt, b.startedAt) || compare(a.session, b.session));
  return { sessions, damaged };
}

/** The names in `directory` that `parse` takes, in order; none where it is missing. */
export function listIds<T extends string>(
  directory: string,
  parse: (text: string) => T | undefined,
): readonly T[] {
  try {
    return readdirSync(directory)
      .sort()
      .flatMap((name) => parse(name) ?? []);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}

/** What to report of a record that could not be read; nothing for one just being made or removed. */
export function toDamagedFile(error: unknown, file: string): DamagedFile | undefined {
  if (!isSandboxError(error)) return { path: file, reason: describe(error) };
  if (error.code !== "not-found")
    return { path: file, reason: error.message.replace(`${file} is damaged: `, "") };
  const dir = lstatSync(path.dirname(file), { throwIfNoEntry: false });
  if (dir === undefined || Date.now() - dir.mtimeMs < UNFINISHED_MS) return undefined;
  return { path: file, reason: "it is missing: making it was not finished" };
}

/** Orders texts by code units. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A session said to be running whose process is gone was interrupted: killed, or the machine went down. */
function asOfNow(record: SessionRecord): SessionRecord {
  if (record.state !== "running" || isAlive(record.owner)) return record;
  return {
    ...record,
    state: "interrupted",
    reason: record.reason ?? "the process that ran it is gone",
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
