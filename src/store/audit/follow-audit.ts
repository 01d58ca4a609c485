import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, watch } from "node:fs";
import { once } from "node:events";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { AuditRecord } from "../../core/audit-entry.js";
import { type AuditFiles, listRotated, toAuditFiles, toRotatedPath } from "./audit-files.js";
import { parseAuditLine } from "./audit-record-schema.js";

/** `present`: all that was there has been given, what follows is new. */
export type Followed = AuditRecord | "present";

/**
 * Every record of the log of `home`, then each new one as it is written, over files that are put aside, until `signal` is aborted.
 * Throws `damaged` where the log is cut meanwhile.
 */
export async function* followAudit(home: string, signal: AbortSignal): AsyncGenerator<Followed> {
  const files = toAuditFiles(home);
  mkdirSync(files.dir, { recursive: true, mode: 0o700 });
  using cursor = new LogCursor(files);
  const watcher = watch(files.dir, { signal });
  let isNew = false;
  watcher.on("change", () => {
    isNew = true;
  });
  try {
    yield* cursor.readNew();
    yield "present";
    while (!signal.aborted) {
      if (!isNew) await once(watcher, "change", { signal });
      isNew = false;
      yield* cursor.readNew();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher.close();
  }
}

const CHUNK_BYTES = 1 << 16;
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW;

/** A place in the log. */
class LogCursor {
  readonly #files: AuditFiles;
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  /** Files that were read to their end and put aside. */
  #done: number;
  #fd: number | undefined;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(files: AuditFiles) {
    this.#files = files;
    this.#done = (listRotated(files)[0]?.number ?? 1) - 1;
  }

  *readNew(): Generator<AuditRecord> {
    for (;;) {
      this.#fd ??= this.#openNext();
      if (this.#fd === undefined) return;
      // Asked before the rest is read: a file that is put aside is not written to any more.
      const isDone = isFile(this.#fd, toRotatedPath(this.#files, this.#done + 1));
      yield* this.#readFile(this.#fd);
      if (!isDone) return;
      this[Symbol.dispose]();
      this.#done += 1;
      this.#offset = 0;
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  *#readFile(fd: number): Generator<AuditRecord> {
    if (fstatSync(fd).size < this.#offset)
      throw new SandboxError("damaged", `${this.#files.log} was cut while it was followed`, {
        hint: "sandbox log --verify",
      });
    for (;;) {
      const count = readSync(fd, this.#chunk, 0, CHUNK_BYTES, this.#offset);
      if (count === 0) return;
      this.#offset += count;
      const bytes = Buffer.concat([this.#rest, this.#chunk.subarray(0, count)]);
      let start = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        const record = parseAuditLine(bytes.subarray(start, end));
        start = end + 1;
        if (record !== undefined) yield record;
      }
      this.#rest = bytes.subarray(start);
    }
  }

  /** If the present file is put aside as it is opened, it is known by its new name. */
  #openNext(): number | undefined {
    const next = toRotatedPath(this.#files, this.#done + 1);
    const rotated = openIfThere(next);
    if (rotated !== undefined) return rotated;
    const present = openIfThere(this.#files.log);
    if (present === undefined) return undefined;
    const late = openIfThere(next);
    if (late === undefined) return present;
    closeSync(present);
    return late;
  }
}

function isFile(fd: number, file: string): boolean {
  const other = openIfThere(file);
  if (other === undefined) return false;
  try {
    const [one, two] = [fstatSync(fd), fstatSync(other)];
    return one.ino === two.ino && one.dev === two.dev;
  } finally {
    closeSync(other);
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, OPEN);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
