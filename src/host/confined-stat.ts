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
    size: Number(view.getBigUint64(40, true)),
    mtimeNs: decodeTime(view, 112),
    ctimeNs: decodeTime(view, 96),
    ino: String(view.getBigUint64(32, true)),
    nlink: view.getUint32(16, true),
    blocks: Number(view.getBigUint64(48, true)),
    whiteout: (mode & S_IFMT) === S_IFCHR && isDevice0,
  };
}

/** A `struct statx_timestamp`; without big integers for every time after 1970. */
function decodeTime(view: DataView, offset: number): string {
  const seconds = view.getBigInt64(offset, true);
  const nanos = view.getUint32(offset + 8, true);
  if (seconds > 0n) return `${seconds}${String(nanos).padStart(9, "0")}`;
  return String(seconds * 1_000_000_000n + BigInt(nanos));
}
