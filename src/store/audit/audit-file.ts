import {
  closeSync,
  constants,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
} from "node:fs";
import { syncDirectory, writeAll } from "../../host/atomic-file.js";
import { withOwnerLock } from "../../host/owner-lock.js";
import { sha256Hex } from "../../host/sha256.js";
import type { AuditEntry } from "../../core/audit-entry.js";
import { type AuditFiles, listRotated, toAuditFiles, toRotatedPath } from "./audit-files.js";
import { readHead, writeHead } from "./audit-head.js";
import { maskEntry } from "./mask-entry.js";
import { type AuditTail, findHash, readTail } from "./read-tail.js";

/** The log while its lock is held. */
export interface AuditFile {
  /** Of the file that is written to; whoever syncs it has synced all records before. */
  readonly fd: number;
  /** Number of the last record. */
  readonly seq: number;
  /** Writes a line each, not yet durably. If it throws, none of them is in the log. */
  write(entries: Iterable<AuditEntry>): void;
  /** Signs the end of the log, which must be durable. Says so in the log where that is not what was signed before. */
  sign(): void;
}

/** What is not as it always is. */
export interface AuditFileOptions {
  /** A file that has this many bytes is put aside before the next record; default 64 MiB. */
  readonly rotateBytes?: number;
}

const LOCK_MS = 10_000;
const ROTATE_BYTES = 64 << 20;
const FLUSH_BYTES = 1 << 20;
const OPEN = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/** Opens the log of `home` for `use`, which must not wait: writers of all processes take turns. */
export function withAuditFile<T>(
  home: string,
  options: AuditFileOptions,
  use: (file: AuditFile) => T,
): T {
  const files = toAuditFiles(home);
  mkdirSync(files.dir, { recursive: true, mode: 0o700 });
  return withOwnerLock(files.lock, { timeoutMs: LOCK_MS }, () => {
    const log = new OpenAuditFile(files, options.rotateBytes ?? ROTATE_BYTES);
    try {
      return use(log);
    } finally {
      log.close();
    }
  });
}

class OpenAuditFile implements AuditFile {
  readonly #files: AuditFiles;
  #fd: number;
  #tail: AuditTail;

  constructor(files: AuditFiles, rotateBytes: number) {
    this.#files = files;
    this.#fd = openSync(files.log, OPEN, 0o600);
    this.#tail = readTail(this.#fd, files);
    if (this.#tail.size >= rotateBytes && !this.#tail.torn) this.#rotate();
  }

  get fd(): number {
    return this.#fd;
  }

  get seq(): number {
    return this.#tail.seq;
  }

  write(entries: Iterable<AuditEntry>): void {
    try {
      this.#append(entries);
    } catch (error) {
      // Nothing of it was acknowledged: half of a batch would be records of what was never done.
      ftruncateSync(this.#fd, this.#tail.size);
      throw error;
    }
  }

  sign(): void {
    const broken = this.#findBroken();
    if (broken !== undefined) {
      this.#tail = { ...this.#tail, seq: Math.max(this.#tail.seq, broken.seq) };
      this.write([{ event: "audit.broken", data: { why: broken.why, head: broken.seq } }]);
      fdatasyncSync(this.#fd);
    }
    const { seq, hash } = this.#tail;
    writeHead(this.#files, { seq, hash, at: new Date().toISOString() });
  }

  close(): void {
    closeSync(this.#fd);
  }

  #append(entries: Iterable<AuditEntry>): void {
    let { seq, hash: prev, size, torn } = this.#tail;
    let pending: string[] = torn ? ["\n"] : [];
    let length = 0;
    const flush = (): void => {
      const bytes = Buffer.from(pending.join(""), "utf8");
      writeAll(this.#fd, bytes);
      size += bytes.length;
      pending = [];
      length = 0;
    };
    for (const entry of entries) {
      seq += 1;
      const line = JSON.stringify({ seq, at: new Date().toISOString(), prev, ...maskEntry(entry) });
      prev = sha256Hex(line);
      pending.push(line, "\n");
      length += line.length;
      torn = false;
      if (length >= FLUSH_BYTES) flush();
    }
    flush();
    this.#tail = { seq, hash: prev, size, torn };
  }

  /** What is put aside is durable first; killed between, the next writer goes on from the file that was put aside. */
  #rotate(): void {
    fdatasyncSync(this.#fd);
    const number = (listRotated(this.#files).at(-1)?.number ?? 0) + 1;
    renameSync(this.#files.log, toRotatedPath(this.#files, number));
    closeSync(this.#fd);
    this.#fd = openSync(this.#files.log, OPEN, 0o600);
    syncDirectory(this.#files.dir);
    this.#tail = { ...this.#tail, size: 0 };
  }

  /** Why what was signed before is not in the log; undefined where it is. */
  #findBroken(): { readonly why: string; readonly seq: number } | undefined {
    const found = readHead(this.#files);
    if (found.state === "none") return undefined;
    if (found.state === "bad") return { why: found.why, seq: 0 };
    const { seq, hash } = found.head;
    const present = seq === this.#tail.seq ? this.#tail.hash : this.#hashOf(seq);
    if (present === hash) return undefined;
    const why =
      present === undefined
        ? `record ${seq}, which was signed, is not in the log`
        : `record ${seq} is not the one that was signed`;
    return { why, seq };
  }

  #hashOf(seq: number): string | undefined {
    return seq > this.#tail.seq ? undefined : findHash(this.#fd, this.#files, seq);
  }
}
