import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
} from "node:fs";
import path from "node:path";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import { writeAll } from "../host/atomic-file.js";
import { sha256Hex } from "../host/sha256.js";
import { withOwnerLock } from "../host/owner-lock.js";

/** What can be written after a record's own fields: any JSON. */
type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** One thing asked for, decided or done. */
export interface AuditEntry {
  /** `noun.verb`, e.g. `run.asked`, `run.ended`, `commit.decided`, `commit.sealed`. */
  readonly event: string;
  readonly session?: SessionId;
  readonly commit?: CommitId;
  readonly digest?: Digest;
  readonly data?: { readonly [key: string]: JsonValue };
}

/** How an entry is written. */
export interface AuditOptions {
  /** Whether it is on disk when this returns; default true. Not for entries that a durable one follows at once. */
  readonly durable?: boolean;
}

const LOCK_MS = 10_000;
const TAIL_BYTES = 1 << 16;
const OPEN = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * Appends one line of JSON to `<home>/audit/log.jsonl`: `{at, prev, ...entry}`. `prev` is the SHA-256, in
 * hexadecimal, of the bytes of the line before (without its newline), whatever they are, and `""` in the first
 * line: a line that was edited, cut out or moved breaks the chain. Writers of all processes take turns. Throws
 * where the line could not be written: then what it records must not be done.
 */
export function appendAudit(home: string, entry: AuditEntry, options: AuditOptions = {}): void {
  const dir = path.join(home, "audit");
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  withOwnerLock(path.join(dir, "log.lock"), { timeoutMs: LOCK_MS }, () => {
    const fd = openSync(path.join(dir, "log.jsonl"), OPEN, 0o600);
    try {
      const { line, torn } = readLastLine(fd);
      const prev = line.length === 0 ? "" : sha256Hex(line);
      const text = JSON.stringify({ at: new Date().toISOString(), prev, ...entry });
      writeAll(fd, Buffer.from(`${torn ? "\n" : ""}${text}\n`, "utf8"));
      if (options.durable ?? true) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** The bytes of the last line; `torn` where a writer died before its newline. */
function readLastLine(fd: number): { readonly line: Uint8Array; readonly torn: boolean } {
  const { size } = fstatSync(fd);
  for (let length = Math.min(size, TAIL_BYTES); ; length = Math.min(size, length * 2)) {
    const tail = Buffer.alloc(length);
    readSync(fd, tail, 0, length, size - length);
    const torn = length > 0 && tail[length - 1] !== 10;
    const body = torn ? tail : tail.subarray(0, Math.max(0, length - 1));
    const start = body.lastIndexOf(10);
    if (start >= 0 || length === size) return { line: body.subarray(start + 1), torn };
  }
}
