import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";

const TAIL_BYTES = 64;
/** What the last record of a journal that is ended looks like. */
const ENDED = /\n\{"t":"(?:done|undone)"\}\n$/;

/**
 * True where a commit was begun and neither finished nor undone: recover it, under the lock of its workspaces (while that lock is
 * held by someone else, it is a live commit). Reads the end of the journal only.
 */
export function isHot(commitDir: string): boolean {
  const tail = readTail(path.join(commitDir, "journal.jsonl"));
  return tail !== "" && !ENDED.test(tail);
}

/** The end of a file as text; empty where there is no file. */
function readTail(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return "";
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("latin1");
  } finally {
    closeSync(fd);
  }
}
