import { randomBytes } from "./random-bytes.js";
import {
  closeSync,
  constants,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/** How `writeFileAtomic` writes. */
export interface AtomicWriteOptions {
  /** Permission bits of the file; default 0600. */
  readonly mode?: number;
  /**
   * Whether the content and the name are on disk when this returns; default true. `content`: after a power cut there is the old file or
   * the new one, whole.
   */
  readonly sync?: boolean | "content";
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Replaces `file` so that a reader sees the old bytes or the new, never a part: a temporary file beside
 * it, fsync, rename, fsync of the directory. Throws Node's error and leaves no temporary file.
 */
export function writeFileAtomic(
  file: string,
  data: string | Uint8Array | Iterable<string>,
  options: AtomicWriteOptions = {},
): void {
  const directory = path.dirname(file);
  const unique = `${process.pid}-${randomBytes(6).toString("hex")}`;
  const temporary = path.join(directory, `.${path.basename(file)}.${unique}.tmp`);
  const sync = options.sync ?? true;
  const fd = openSync(temporary, CREATE, options.mode ?? 0o600);
  try {
    try {
      for (const piece of pieces(data)) writeAll(fd, piece);
      if (sync !== false) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  if (sync === true) syncDirectory(directory);
}

/** Makes the names in `directory` durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes every byte, however many calls it takes. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

function* pieces(data: string | Uint8Array | Iterable<string>): Iterable<Uint8Array> {
  if (typeof data === "string") yield Buffer.from(data, "utf8");
  else if (data instanceof Uint8Array) yield data;
  else for (const piece of data) yield Buffer.from(piece, "utf8");
}
