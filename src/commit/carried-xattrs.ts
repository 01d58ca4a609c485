import type { Xattrs } from "../core/change.js";
import type { At, FileOps } from "../host/confined-ops.js";

const SYSTEM: ReadonlySet<string> = new Set([
  "security.capability",
  "system.posix_acl_access",
  "system.posix_acl_default",
]);

/** True for a name that only overlayfs may write; none ever appears in a workspace by our doing. */
export function isOverlayMark(name: string): boolean {
  return name.startsWith("user.overlay.") || name.startsWith("trusted.overlay.");
}

/** True for an attribute that belongs to a path's state: `user.*`, capabilities, ACLs. */
export function isCarried(name: string): boolean {
  return SYSTEM.has(name) || (name.startsWith("user.") && !isOverlayMark(name));
}

/** The attributes of a path that its state comprises. */
export function readCarried(ops: FileOps, at: At): Xattrs {
  return readValues(ops, at, ops.listXattrs(at).filter(isCarried));
}

/** The named attributes of a path; one that vanished is left out. */
export function readValues(ops: FileOps, at: At, names: readonly string[]): Xattrs {
  const pairs = names.flatMap((name) => {
    const value = ops.getXattr(at, name);
    return value === undefined ? [] : [[name, value.toString("base64")] as const];
  });
  return Object.fromEntries(pairs);
}

/** True where both sides carry the same attributes. */
export function sameXattrs(a: Xattrs | undefined, b: Xattrs | undefined): boolean {
  const left = Object.entries(a ?? {}).filter(([name]) => isCarried(name));
  const right = Object.entries(b ?? {}).filter(([name]) => isCarried(name));
  return left.length === right.length && left.every(([name, value]) => b?.[name] === value);
}
