import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasErrno } from "../../core/error.js";
import { sha256Hex } from "../../host/sha256.js";
import { type AuditFiles, listRotated } from "./audit-files.js";

/** How the log ends. */
export interface AuditTail {
  /** Number of the last record; 0 where none has one. */
  readonly seq: number;
  /** SHA-256 of the last line, whatever it is; `""` where there is none. */
  readonly hash: string;
  /** Bytes of the file that is written to. */
  readonly size: number;
  /** A writer died before its newline. */
  readonly torn: boolean;
}

const FIRST_BYTES = 4096;
const NEXT_BYTES = 1 << 16;
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW;

/** The end of the log whose open file is `fd`: of the file before, where that one is empty. */
export function readTail(fd: number, files: AuditFiles): AuditTail {
  const { size } = fstatSync(fd);
  const own = size === 0 ? undefined : readEnd(fd, size);
  if (own !== undefined && own.seq !== undefined) return { ...own, seq: own.seq, size };
  const before = readRotatedEnd(files);
  return {
    seq: before?.seq ?? 0,
    hash: own?.hash ?? before?.hash ?? "",
    size,
    torn: own?.torn ?? false,
  };
}

/** The hash of the record `seq`, looked for from the end; undefined where it is not there. */
export function findHash(fd: number, files: AuditFiles, seq: number): string | undefined {
  const here = findIn(fd, seq);
  if (here !== "before") return here;
  for (const { path } of listRotated(files).toReversed()) {
    const found = withFile(path, (rotated) => findIn(rotated, seq));
    if (found !== "before") return found;
  }
  return undefined;
}

function findIn(fd: number, seq: number): string | undefined | "before" {
  for (const line of linesBackwards(fd)) {
    const own = toSeq(line);
    if (own === seq) return sha256Hex(line);
    if (own !== undefined && own < seq) return undefined;
  }
  return "before";
}

function readRotatedEnd(files: AuditFiles): { seq: number | undefined; hash: string } | undefined {
  const last = listRotated(files).at(-1);
  return last === undefined
    ? undefined
    : withFile(last.path, (fd) => readEnd(fd, fstatSync(fd).size));
}

/** `seq` is of the last line that has one; undefined where none has. */
function readEnd(
  fd: number,
  size: number,
): { seq: number | undefined; hash: string; torn: boolean } | undefined {
  let last: Uint8Array | undefined;
  let seq: number | undefined;
  for (const line of linesBackwards(fd)) {
    last ??= line;
    seq = toSeq(line);
    if (seq !== undefined) break;
  }
  if (last === undefined) return undefined;
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, size - 1);
  return { seq, hash: sha256Hex(last), torn: byte[0] !== 10 };
}

/** Lines without their newlines, the last one first, however long they are. */
function* linesBackwards(fd: number): Generator<Uint8Array> {
  const { size } = fstatSync(fd);
  if (size === 0) return;
  let end = readAt(fd, size - 1, size)[0] === 10 ? size - 1 : size;
  for (let length = FIRST_BYTES; ; ) {
    const start = Math.max(0, end - length);
    const chunk = readAt(fd, start, end);
    let stop = chunk.length;
    while (stop > 0) {
      const at = chunk.lastIndexOf(10, stop - 1);
      if (at < 0) break;
      yield chunk.subarray(at + 1, stop);
      stop = at;
    }
    if (start === 0) return yield chunk.subarray(0, stop);
    length = stop === chunk.length ? length * 2 : NEXT_BYTES;
    end = start + stop;
  }
}

function readAt(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  readSync(fd, bytes, 0, bytes.length, start);
  return bytes;
}

/** Numbers come first in a line. Records without one come before all others: 0. Undefined for what is no whole record. */
function toSeq(line: Uint8Array): number | undefined {
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString("utf8");
  const number = /^\{"seq":(\d{1,15}),/.exec(text)?.[1];
  if (number === undefined && !text.startsWith('{"at":')) return undefined;
  return isWhole(text) ? Number(number ?? 0) : undefined;
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function withFile<T>(file: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(file, OPEN);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
