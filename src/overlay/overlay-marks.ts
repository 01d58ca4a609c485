import type { Xattrs } from "../core/change.js";
import type { Native } from "../host/native.js";

/** Which side of the overlay an attribute was found on. */
export type Side = "upper" | "base";

/** The attributes of one path, sorted by what they mean. */
export interface PathXattrs {
  /** What a change carries: `user.*`, capabilities, ACLs; and marks the kernel did not make, so that they are shown. */
  readonly carried?: Xattrs;
  readonly opaque: boolean;
  /** What has a name that only overlayfs writes, whoever wrote it here. */
  readonly marks: Xattrs;
  /**
   * The file handle of the base inode this was copied up from; empty where the kernel kept none; undefined
   * where nothing was copied up (a hard-linked base leaves none either). `fs/overlayfs/copy_up.c`.
   */
  readonly origin?: Buffer;
  /** Names that only overlayfs writes and that it did not write here. */
  readonly forged: readonly string[];
  /** A mark under which data lie elsewhere (`redirect`, `metacopy`). */
  readonly incomplete?: string;
  /** Names that could not be read. */
  readonly unreadable: readonly string[];
}

/** `fs/overlayfs/super.c`, `ovl_xattr_table`; what a mount of ours (`userxattr`) can leave in an upperdir. */
const OURS: ReadonlySet<string> = new Set([
  "user.overlay.opaque",
  "user.overlay.origin",
  "user.overlay.impure",
  "user.overlay.nlink",
  "user.overlay.uuid",
  "user.overlay.upper",
  "user.overlay.protattr",
]);
const INCOMPLETE: ReadonlySet<string> = new Set([
  "user.overlay.redirect",
  "user.overlay.metacopy",
  "trusted.overlay.redirect",
  "trusted.overlay.metacopy",
]);
const CARRIED_SYSTEM: ReadonlySet<string> = new Set([
  "security.capability",
  "system.posix_acl_access",
  "system.posix_acl_default",
]);
const OPAQUE = "user.overlay.opaque";
/** `y` in base64. */
const OPAQUE_VALUE = "eQ==";
const ORIGIN = "user.overlay.origin";
const NO_MARKS: Xattrs = {};
/** What a path without attributes has. */
export const NO_XATTRS: PathXattrs = { opaque: false, marks: NO_MARKS, forged: [], unreadable: [] };

/** Reads and sorts the attributes of a path that is no symbolic link. */
export function readPathXattrs(
  native: Native,
  path: string | Buffer,
  options: { readonly side: Side },
): PathXattrs {
  const names = native.llistxattr(path);
  if (names.length === 0) return NO_XATTRS;
  const read = (name: string): Buffer | undefined => native.lgetxattr(path, name);
  const forged = names.filter((name) => isForged(name, options.side));
  const carriedNames = names.filter((name) => isCarried(name, options.side)).sort();
  const carried: Record<string, string> = {};
  const unreadable: string[] = [];
  for (const name of carriedNames) {
    const value = read(name);
    if (value === undefined) unreadable.push(name);
    else carried[name] = value.toString("base64");
  }
  const incomplete = names.find((name) => INCOMPLETE.has(name));
  const marks = readMarks(names, read);
  const origin = marks[ORIGIN];
  const opaque = readOpaque(names, marks);
  return {
    ...(carriedNames.length > unreadable.length && { carried }),
    ...(origin !== undefined && { origin: Buffer.from(origin, "base64") }),
    ...(incomplete !== undefined && { incomplete }),
    opaque: opaque === "y",
    marks,
    forged: opaque === "other" ? [...forged, OPAQUE] : forged,
    unreadable,
  };
}

/** Whether a directory of an upperdir hides the one of the same name below it. */
export function isOpaqueDir(native: Native, path: string | Buffer): boolean {
  return native.lgetxattr(path, OPAQUE)?.toString() === "y";
}

/** True for a name that begins as overlayfs's own do, escaped or not. */
function isOverlayName(name: string): boolean {
  return name.startsWith("user.overlay.") || name.startsWith("trusted.overlay.");
}

/** Marks on the base have no business there at all; in an upperdir only those the kernel does not write. */
function isForged(name: string, side: Side): boolean {
  if (!isOverlayName(name)) return false;
  return side === "base" ? !isNested(name) : !OURS.has(name) && !INCOMPLETE.has(name);
}

/** What a mount inside the sandbox would read as its own mark: the kernel escapes it by another `overlay.`. */
function isNested(name: string): boolean {
  return name.startsWith("user.overlay.overlay.");
}

function isCarried(name: string, side: Side): boolean {
  if (CARRIED_SYSTEM.has(name)) return true;
  if (isOverlayName(name)) return side === "base" ? isNested(name) : isForged(name, side);
  return name.startsWith("user.");
}

/** One that is not for this user to read is left out: it could not be taken off either. */
function readMarks(names: readonly string[], read: (name: string) => Buffer | undefined): Xattrs {
  const marks: Record<string, string> = {};
  for (const name of names) {
    const value = isOverlayName(name) ? read(name) : undefined;
    if (value !== undefined) marks[name] = value.toString("base64");
  }
  return marks;
}

function readOpaque(names: readonly string[], marks: Xattrs): "y" | "none" | "other" {
  if (!names.includes(OPAQUE)) return "none";
  return marks[OPAQUE] === OPAQUE_VALUE ? "y" : "other";
}
