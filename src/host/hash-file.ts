import { createHash, hash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Digest } from "../core/ids.js";
import { toDigest } from "../core/ids.js";

const CHUNK = 256 * 1024;
/** Never waits at a FIFO, never follows a link. */
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A regular file as it was when it was opened, and the SHA-256 of its bytes where they were wanted. */
interface HashedFile {
  readonly stats: BigIntStats;
  readonly digest?: Digest;
}

/**
 * Hashes regular files with one bounded buffer for all of them. The result is undefined where `path` is
 * not a regular file once opened; errors of open(2) are passed on. A file that `skip` names is not read.
 */
export type FileHasher = (
  path: string | Buffer,
  skip?: (stats: BigIntStats) => boolean,
) => HashedFile | undefined;

/** A hasher with a buffer of its own. */
export function createFileHasher(): FileHasher {
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  return (path, skip) => {
    const fd = openSync(path, OPEN_FILE);
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (!stats.isFile()) return undefined;
      if (skip?.(stats) === true) return { stats };
      return { stats, digest: hashDescriptor(fd, { buffer, size: stats.size }) };
    } finally {
      closeSync(fd);
    }
  };
}

/** The SHA-256 of bytes in memory. */
export function hashBytes(bytes: Uint8Array | string): Digest {
  // `crypto.hash` came with Node 20.12; it costs a third of a hash object for a small input.
  if (typeof hash === "function") return toDigest(hash("sha256", bytes, "hex"));
  return toDigest(createHash("sha256").update(bytes).digest("hex"));
}

function hashDescriptor(fd: number, o: { buffer: Buffer; size: bigint }): Digest {
  const { buffer } = o;
  let length = readSync(fd, buffer, 0, buffer.length, null);
  // The rule for sources: all in one piece, and no second read to be told of the end.
  if (length < buffer.length && length === Number(o.size))
    return hashBytes(buffer.subarray(0, length));
  const whole = createHash("sha256");
  while (length > 0) {
    whole.update(buffer.subarray(0, length));
    length = readSync(fd, buffer, 0, buffer.length, null);
  }
  return toDigest(whole.digest("hex"));
}
