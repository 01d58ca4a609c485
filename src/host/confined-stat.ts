import type { BaseState } from "../core/change.js";

/** What statx(2) says of a path. Times are nanoseconds since the epoch in decimal, as in `BaseState`. */
export interface FileStat {
  readonly type: BaseState["type"];
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
  readonly nlink: number;
  /** Units of 512 bytes that are allocated. */
  readonly blocks: number;
  /** A character device 0:0: overlayfs's mark of a deletion. */
  readonly whiteout: boolean;
}

/** Size of `struct statx` (linux/stat.h). */
export const STATX_BYTES = 256;
export const STATX_BASIC_STATS = 0x7ff;

const S_IFMT = 0o170000;
const S_IFCHR = 0o020000;
const TYPES = new Map<number, FileStat["type"]>([
  [0o100000, "file"],
  [0o040000, "dir"],
  [0o120000, "symlink"],
  [0o010000, "fifo"],
  [0o140000, "socket"],
]);

/** A `struct statx` in memory → its values. */
export function decodeStatx(view: DataView): FileStat {
  const mode = view.getUint16(28, true);
  const isDevice0 = view.getUint32(128, true) === 0 && view.getUint32(132, true) === 0;
  return {
    type: TYPES.get(mode & S_IFMT) ?? "device",
    mode: mode & 0o7777,
    uid: view.getUint32(20, true),
    gid: view.getUint32(24, true),
    size: decodeNumber(view, 40),
    mtimeNs: decodeTime(view, 112),
    ctimeNs: decodeTime(view, 96),
    ino: decodeInode(view, 32),
    nlink: view.getUint32(16, true),
    blocks: decodeNumber(view, 48),
    whiteout: (mode & S_IFMT) === S_IFCHR && isDevice0,
  };
}

/** 2^32. */
const HIGH = 0x1_0000_0000;

/** A number of 64 bits that is below 2^53 in practice. Big integers cost more than the system call. */
function decodeNumber(view: DataView, offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * HIGH;
}

function decodeInode(view: DataView, offset: number): string {
  const number = decodeNumber(view, offset);
  return Number.isSafeInteger(number) ? `${number}` : String(view.getBigUint64(offset, true));
}

/** A `struct statx_timestamp`; the seconds are signed. */
function decodeTime(view: DataView, offset: number): string {
  const nanos = view.getUint32(offset + 8, true);
  const high = view.getInt32(offset + 4, true);
  const seconds = view.getUint32(offset, true) + high * HIGH;
  // The leading 1 keeps the zeros.
  if (seconds > 0) return `${seconds}${`${1_000_000_000 + nanos}`.slice(1)}`;
  return String(view.getBigInt64(offset, true) * 1_000_000_000n + BigInt(nanos));
}
