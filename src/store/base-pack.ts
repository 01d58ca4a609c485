import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
} from "node:fs";
import { hasErrno } from "../core/error.js";
import { type Digest, parseDigest } from "../core/ids.js";
import { writeAll } from "../host/atomic-file.js";
import { sha256Hex } from "../host/sha256.js";

/** Earlier content of a file, by its digest. */
export interface BaseContent {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** `sha256:` and 64 digits, a blank, at most 12 digits, LF. */
const MOST_HEADER = 96;

/**
 * Appends contents to a pack: one file, so that ten thousand of them cost one sync. What it has is not written again; what goes
 * beyond `maxBytes` in all is left out. Returns how many were left out. An end that was cut short is overwritten.
 */
export function appendBases(
  file: string,
  contents: Iterable<BaseContent>,
  options: { readonly maxBytes: number },
): number {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  const fd = openSync(file, flags, 0o600);
  try {
    const { index, end } = readIndex(fd);
    const known = new Set(index.keys());
    ftruncateSync(fd, end);
    let size = end;
    let left = 0;
    for (const { digest, bytes } of contents) {
      if (known.has(digest)) continue;
      const header = Buffer.from(`${digest} ${bytes.length}\n`);
      if (size + header.length + bytes.length > options.maxBytes) {
        left += 1;
        continue;
      }
      known.add(digest);
      writeAll(fd, Buffer.concat([header, bytes]));
      size += header.length + bytes.length;
    }
    fsyncSync(fd);
    return left;
  } finally {
    closeSync(fd);
  }
}

/** The content with this digest, checked; undefined where the pack has it not, or not as it was written. */
export function readBase(file: string, digest: Digest): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    const place = readIndex(fd).index.get(digest);
    if (place === undefined) return undefined;
    const bytes = Buffer.alloc(place.size);
    if (readSync(fd, bytes, 0, place.size, place.start) !== place.size) return undefined;
    return `sha256:${sha256Hex(bytes)}` === digest ? bytes : undefined;
  } finally {
    closeSync(fd);
  }
}

interface Place {
  readonly start: number;
  readonly size: number;
}

/** Where each content lies, and where the last whole one ends. */
function readIndex(fd: number): {
  readonly index: ReadonlyMap<Digest, Place>;
  readonly end: number;
} {
  const { size: length } = fstatSync(fd);
  const index = new Map<Digest, Place>();
  const buffer = Buffer.alloc(MOST_HEADER);
  let end = 0;
  while (end < length) {
    const count = readSync(fd, buffer, 0, MOST_HEADER, end);
    const line = buffer.toString("latin1", 0, count).split("\n", 1)[0] ?? "";
    const [name = "", digits = ""] = line.split(" ");
    const digest = parseDigest(name);
    const start = end + line.length + 1;
    if (digest === undefined || !/^\d{1,12}$/.test(digits)) break;
    if (start + Number(digits) > length) break;
    index.set(digest, { start, size: Number(digits) });
    end = start + Number(digits);
  }
  return { index, end };
}
