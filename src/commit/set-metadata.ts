import { hasErrno } from "../core/error.js";
import type { At, FileOps } from "../host/confined-ops.js";
import type { FileStat } from "../host/confined-stat.js";
import { isCarried, isOverlayMark } from "./carried-xattrs.js";
import type { PathState } from "./step.js";

/**
 * Gives what is at `at` the owner, mode, attributes and time of `wanted`, in the order in which none undoes
 * another: chown(2) clears setuid and capabilities, an ACL has its say in the mode, everything but the
 * time comes before the time. Overlayfs's marks are taken off.
 */
export function setMetadata(
  ops: FileOps,
  at: At,
  change: { readonly from: FileStat; readonly wanted: PathState },
): void {
  const { from, wanted } = change;
  const chowned = from.uid !== wanted.uid || from.gid !== wanted.gid;
  if (chowned) ops.setOwner(at, wanted);
  if (wanted.type !== "symlink") {
    removeOthers(ops, at, wanted);
    if (chowned || from.mode !== wanted.mode) ops.setMode(at, wanted.mode);
    for (const [name, value] of Object.entries(wanted.xattrs ?? {}))
      if (isCarried(name)) ops.setXattr(at, name, Buffer.from(value, "base64"));
  }
  ops.setMtime(at, wanted.mtimeNs);
}

/** Takes off what `wanted` does not carry. */
function removeOthers(ops: FileOps, at: At, wanted: PathState): void {
  for (const name of ops.listXattrs(at)) {
    const extra = isCarried(name) && wanted.xattrs?.[name] === undefined;
    if (extra || isOverlayMark(name)) removeXattr(ops, at, name);
  }
}

/** Takes an attribute off; one name of several of an inode may have lost it already. */
export function removeXattr(ops: FileOps, at: At, name: string): void {
  try {
    ops.removeXattr(at, name);
  } catch (error) {
    if (!hasErrno(error, "ENODATA")) throw error;
  }
}
