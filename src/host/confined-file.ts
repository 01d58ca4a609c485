import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type Digest, toDigest } from "../core/ids.js";
import type { At, FileOps } from "./confined-ops.js";
import type { FileStat } from "./confined-stat.js";
import { hashBytes } from "./hash-file.js";

const CHUNK_BYTES = 1024 * 1024;
/** What a hole is made of, at least. */
const BLOCK_BYTES = 512;

/** For the small files that trees are full of: a buffer of its own for each costs more than to read it. */
const SMALL = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The SHA-256 of the file at `at`, which had `size` bytes when it was looked at, in bounded memory. Throws `EINVAL` where it is
 * no regular file any more.
 */
export function hashFileAt(ops: FileOps, at: At, size: number): Digest {
  return withFile(ops, { at, flags: constants.O_RDONLY }, (fd) => {
    const buffer = size < SMALL.length ? SMALL : Buffer.allocUnsafe(chunkFor(size));
    let length = ops.read(fd, buffer);
    // The rule for sources: all in one piece, and no second read to be told of the end.
    if (length === size && length < buffer.length) return hashBytes(buffer.subarray(0, length));
    const whole = createHash("sha256");
    for (; length > 0; length = ops.read(fd, buffer)) whole.update(buffer.subarray(0, length));
    return toDigest(whole.digest("hex"));
  });
}

/** True when some process has the file at `at` open for writing, or that cannot be told. */
export function hasWriterAt(ops: FileOps, at: At): boolean {
  return withFile(ops, { at, flags: constants.O_RDONLY }, (fd) => ops.hasWriter(fd));
}

/**
 * Makes `to`, which must not exist, with the content of the regular file `from`; holes stay holes, and
 * blocks are shared where the filesystem can. Returns the SHA-256 of what was read. Mode 0600; no
 * metadata is carried.
 */
export function copyFileAt(
  ops: FileOps,
  from: { readonly at: At; readonly stat: FileStat },
  to: At,
): Digest {
  return withFile(ops, { at: from.at, flags: constants.O_RDONLY }, (source) => {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
    return withFile(ops, { at: to, flags }, (target) => {
      const cloned = ops.clone(target, source);
      const sparse = from.stat.blocks * BLOCK_BYTES < from.stat.size;
      const put = cloned ? undefined : target;
      return copyContent(ops, { source, target: put, sparse, size: from.stat.size });
    });
  });
}

interface CopyPlan {
  readonly source: number;
  /** Undefined: only read. */
  readonly target: number | undefined;
  readonly sparse: boolean;
  readonly size: number;
}

function copyContent(ops: FileOps, plan: CopyPlan): Digest {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(chunkFor(plan.size));
  let offset = 0;
  for (
    let length = ops.read(plan.source, buffer);
    length > 0;
    length = ops.read(plan.source, buffer)
  ) {
    const data = buffer.subarray(0, length);
    hash.update(data);
    if (plan.target !== undefined)
      putChunk(ops, plan.target, { data, offset, sparse: plan.sparse });
    offset += length;
  }
  if (plan.target !== undefined && plan.sparse) ops.truncate(plan.target, offset);
  return toDigest(hash.digest("hex"));
}

const HOLE_BYTES = 4096;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/** Writes a chunk; of a sparse file only the blocks that hold something. */
function putChunk(
  ops: FileOps,
  target: number,
  chunk: { readonly data: Buffer; readonly offset: number; readonly sparse: boolean },
): void {
  const { data, offset } = chunk;
  if (!chunk.sparse) {
    ops.write(target, data);
    return;
  }
  for (let start = 0; start < data.length; ) {
    const end = endOfRun(data, start);
    if (!isZero(data, start)) {
      ops.seek(target, offset + start, "start");
      ops.write(target, data.subarray(start, end));
    }
    start = end;
  }
}

/** Where the run of blocks that are all empty, or all not, ends. */
function endOfRun(data: Buffer, start: number): number {
  const zero = isZero(data, start);
  let end = start + HOLE_BYTES;
  while (end < data.length && isZero(data, end) === zero) end += HOLE_BYTES;
  return Math.min(end, data.length);
}

function isZero(data: Buffer, start: number): boolean {
  const length = Math.min(HOLE_BYTES, data.length - start);
  return data.compare(ZEROS, 0, length, start, start + length) === 0;
}

function chunkFor(size: number): number {
  return Math.min(CHUNK_BYTES, Math.max(HOLE_BYTES, size + 1));
}

function withFile<T>(
  ops: FileOps,
  open: { readonly at: At; readonly flags: number },
  use: (fd: number) => T,
): T {
  const fd = ops.openFile(open.at, open.flags);
  try {
    return use(fd);
  } finally {
    ops.close(fd);
  }
}
