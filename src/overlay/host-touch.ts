import type { BigIntStats } from "node:fs";
import type { CommittedStamp } from "../core/change.js";
import type { RelPath } from "../core/path.js";
import type { Native } from "../host/native.js";

/** Tells what the host did to a workspace during a run by what it left: a ctime that is not before the stamp. */
export interface HostTouch {
  /** True where the path was touched since the stamp, and not by a commit of ours. */
  isTouched(path: RelPath, stats: BigIntStats): boolean;
  /** True where the path is as one of our own commits left it. */
  isCommitted(path: RelPath, stats: BigIntStats): boolean;
}

/** A judge for one workspace. */
export function createHostTouch(options: {
  readonly stampNs: bigint;
  readonly committed: readonly CommittedStamp[];
}): HostTouch {
  const left = new Map<string, CommittedStamp[]>();
  for (const stamp of options.committed)
    left.set(stamp.path, [...(left.get(stamp.path) ?? []), stamp]);
  const isCommitted = (path: RelPath, stats: BigIntStats): boolean =>
    left.size > 0 &&
    (left.get(path) ?? []).some(
      (stamp) => stamp.ino === `${stats.ino}` && stamp.ctimeNs === `${stats.ctimeNs}`,
    );
  return {
    isCommitted,
    isTouched: (path, stats) => stats.ctimeNs >= options.stampNs && !isCommitted(path, stats),
  };
}

/** Where the kernel keeps a file handle in an origin mark (`struct ovl_fb`, `fs/overlayfs/overlayfs.h`). */
const HANDLE_TYPE = 4;
const HANDLE_START = 21;

/**
 * True where another directory may have taken the place of the touched base directory that the task saw:
 * what lies in it then need not bear any trace of it. Where the kernel kept a handle (as root) it is
 * compared; else a rename shows by a ctime that is not the mtime, which entries made or removed set alike.
 */
export function mayBeSwapped(
  native: Native,
  base: { readonly dirFd: number; readonly name: Uint8Array; readonly stats: BigIntStats },
  origin: Buffer | undefined,
): boolean {
  if (origin === undefined || origin.length <= HANDLE_START)
    return base.stats.ctimeNs !== base.stats.mtimeNs;
  const now = native.nameToHandleAt({ dirfd: base.dirFd, path: base.name });
  return origin[HANDLE_TYPE] !== now.type || !origin.subarray(HANDLE_START).equals(now.bytes);
}
