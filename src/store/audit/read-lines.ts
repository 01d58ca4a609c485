import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import { listRotated, type RotatedFile, toAuditFiles } from "./audit-files.js";

/** One line of the log. */
export interface AuditLine {
  /** Name of the file in `audit/`. */
  readonly file: string;
  /** Of the file, from 1. */
  readonly line: number;
  /** Its bytes without the newline: valid until the next line is asked for. */
  readonly bytes: Buffer;
  /** It has no newline: its writer died, or writes it now. */
  readonly torn: boolean;
  /** Longer than any record: only its beginning is in `bytes`. */
  readonly tooLong: boolean;
}

/** A file of the log, opened. */
interface OpenPart {
  readonly name: string;
  readonly fd: number;
}

const CHUNK_BYTES = 1 << 20;
/** No record is as long; what is, is not read into memory. */
const LONGEST_LINE = 4 << 20;
const OPEN = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Every line of the log of `home`, the oldest first, as it was when this was called, in bounded memory. It takes no lock, so that a copy
 * on a read-only medium can be read.
 */
export function* readAuditLines(home: string): Generator<AuditLine> {
  const files = toAuditFiles(home);
  // The present file is opened first: if it is put aside before the others are listed, it is among them and is known by its inode.
  const present = openPart(files.log);
  try {
    const rotated = listRotated(files);
    const last = rotated.at(-1);
    for (const { path: file } of rotated) {
      if (present !== undefined && isSame(present, file)) continue;
      const part = openPart(file);
      if (part === undefined) continue;
      try {
        yield* linesOf(part);
      } finally {
        closeSync(part.fd);
      }
    }
    if (present !== undefined) yield* linesOf(nameOf(present, last));
  } finally {
    if (present !== undefined) closeSync(present.fd);
  }
}

/** The first number that no file has though later ones are there. */
export function findMissingFile(home: string): number | undefined {
  const at = listRotated(toAuditFiles(home)).findIndex(({ number }, index) => number !== index + 1);
  return at < 0 ? undefined : at + 1;
}

function openPart(file: string): OpenPart | undefined {
  try {
    return { name: path.basename(file), fd: openSync(file, OPEN) };
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function isSame(present: OpenPart, file: string): boolean {
  const other = openPart(file);
  if (other === undefined) return false;
  try {
    const [one, two] = [fstatSync(present.fd), fstatSync(other.fd)];
    return one.ino === two.ino && one.dev === two.dev;
  } finally {
    closeSync(other.fd);
  }
}

function nameOf(present: OpenPart, last: RotatedFile | undefined): OpenPart {
  if (last === undefined || !isSame(present, last.path)) return present;
  return { ...present, name: path.basename(last.path) };
}

function* linesOf({ name, fd }: OpenPart): Generator<AuditLine> {
  let rest: Buffer = Buffer.alloc(0);
  let tooLong = false;
  let line = 0;
  for (const chunk of chunksOf(fd)) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      line += 1;
      const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      yield { file: name, line, bytes, torn: false, tooLong };
      rest = Buffer.alloc(0);
      tooLong = false;
    }
    if (rest.length + chunk.length - start > LONGEST_LINE) tooLong = true;
    else rest = Buffer.concat([rest, chunk.subarray(start)]);
  }
  if (rest.length > 0) yield { file: name, line: line + 1, bytes: rest, torn: true, tooLong };
}

/** What the file holds now, in pieces that are valid until the next one. */
function* chunksOf(fd: number): Generator<Buffer> {
  const { size } = fstatSync(fd);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let offset = 0; offset < size; ) {
    const count = readSync(fd, chunk, 0, Math.min(chunk.length, size - offset), offset);
    if (count === 0) return;
    offset += count;
    yield chunk.subarray(0, count);
  }
}
