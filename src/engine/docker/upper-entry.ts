import type { SandboxError } from "../../core/error.js";
import { parseRelPath, type RelPath, ROOT_PATH } from "../../core/path.js";
import { isPortableXattr } from "./sent-xattrs.js";
import { damaged, type TarAnnouncement } from "./tar-reader.js";

/** Who may own what a task leaves: the task itself, and whoever owned something of the tree it was given. */
export interface KnownOwners {
  readonly uids: ReadonlySet<number>;
  readonly gids: ReadonlySet<number>;
}

/** An entry of an upperdir as a daemon gave it back, checked. */
export interface UpperEntry {
  /** The upperdir itself: `""`. */
  readonly path: RelPath;
  readonly type: "file" | "dir" | "symlink" | "link" | "fifo" | "socket" | "whiteout";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: string;
  /** Bytes of the file, holes among them. */
  readonly size: number;
  /** Where the body's bytes belong; absent: one after the other. */
  readonly map?: readonly Extent[];
  /** Of a hard link. */
  readonly linkTo?: RelPath;
  /** Of a symbolic link. */
  readonly target?: string;
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** A part of a file that holds data. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

const TYPES: ReadonlyMap<string, UpperEntry["type"]> = new Map([
  ["0", "file"],
  ["1", "link"],
  ["2", "symlink"],
  ["3", "whiteout"],
  ["5", "dir"],
  ["6", "fifo"],
]);
const XATTR = "SCHILY.xattr.";
/** Records that `helper.pl` writes besides attributes. */
const RECORDS: ReadonlySet<string> = new Set([
  ...["path", "linkpath", "mtime", "size", "uid", "gid"],
  ...["GNU.sparse.size", "GNU.sparse.map", "SANDBOX.type"],
]);
const ORIGIN = "user.overlay.origin";
const TARGET_BYTES = 4095;

/** Checks an announced entry. Throws `damaged` for anything that an upperdir of ours cannot hold. */
export function parseUpperEntry(announced: TarAnnouncement, owners: KnownOwners): UpperEntry {
  const path = parsePath(announced.name);
  const type = parseType(announced, path);
  const { mode, uid, gid } = announced;
  if (mode > 0o7777) throw refuse(path, `mode ${mode.toString(8)}`);
  // A whiteout belongs to whoever mounted the overlay, the daemon's root, and says nothing by it.
  if (type !== "whiteout") refuseOwner(path, { uid, gid }, owners);
  const map = type === "file" ? parseMap(announced, path) : undefined;
  return {
    ...{ path, type, mode, uid, gid },
    mtimeNs: parseTime(announced, path),
    size: map === undefined ? announced.size : parseSize(announced, path),
    ...(map !== undefined && { map }),
    ...(type === "link" && { linkTo: parsePath(announced.target) }),
    ...(type === "symlink" && { target: parseTarget(announced.target, path) }),
    xattrs: parseXattrs(announced, path),
  };
}

function refuseOwner(
  path: RelPath,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  owners: KnownOwners,
): void {
  if (!owners.uids.has(uid)) throw refuse(path, `an owner (${uid}) that nothing sent had`);
  if (!owners.gids.has(gid)) throw refuse(path, `a group (${gid}) that nothing sent had`);
}

function parsePath(name: string): RelPath {
  if (name === ".") return ROOT_PATH;
  try {
    if (name !== "") return parseRelPath(name);
  } catch {
    // Said below.
  }
  throw damaged(`a name that leads elsewhere: ${JSON.stringify(name)}`);
}

function parseType(announced: TarAnnouncement, path: RelPath): UpperEntry["type"] {
  const type = TYPES.get(announced.flag);
  if (type === undefined) throw refuse(path, `type ${announced.flag}`);
  const { major, minor } = announced.device;
  if (type === "whiteout" && (major !== 0 || minor !== 0))
    throw refuse(path, `a device (${major}:${minor})`);
  if (path === "" && type !== "dir") throw refuse(path, "a top that is no directory");
  const special = announced.records.get("SANDBOX.type")?.toString("latin1");
  if (special === undefined) return type;
  if (special !== "socket" || type !== "fifo") throw refuse(path, "an unknown type");
  return "socket";
}

/** `SECONDS[.FRACTION]` → nanoseconds; below the epoch the sign is of the whole. */
function parseTime({ records }: TarAnnouncement, path: RelPath): string {
  const text = records.get("mtime")?.toString("latin1") ?? "";
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) throw refuse(path, "no time");
  const [, sign = "", seconds = "", fraction = ""] = match;
  return String(BigInt(`${sign}${BigInt(`${seconds}${fraction.padEnd(9, "0")}`)}`));
}

/** `OFFSET,LENGTH,…` (GNU tar, sparse format 0.1): ascending, without overlap, all of the body in it. */
function parseMap(announced: TarAnnouncement, path: RelPath): readonly Extent[] | undefined {
  const text = announced.records.get("GNU.sparse.map")?.toString("latin1");
  if (text === undefined) return undefined;
  const numbers = text === "" ? [] : text.split(",").map(toCount);
  const size = parseSize(announced, path);
  const extents: Extent[] = [];
  let end = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    const [offset = Number.NaN, length = Number.NaN] = numbers.slice(at, at + 2);
    if (!(offset >= end && length > 0 && offset + length <= size))
      throw refuse(path, "a wrong map");
    extents.push({ offset, length });
    end = offset + length;
  }
  const stored = extents.reduce((sum, { length }) => sum + length, 0);
  if (stored !== announced.size) throw refuse(path, "a map that is not of its size");
  return extents;
}

function parseSize({ records }: TarAnnouncement, path: RelPath): number {
  const size = toCount(records.get("GNU.sparse.size")?.toString("latin1") ?? "");
  if (!Number.isSafeInteger(size)) throw refuse(path, "no size");
  return size;
}

function toCount(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

function parseTarget(target: string, path: RelPath): string {
  if (target === "" || Buffer.byteLength(target) > TARGET_BYTES || target.includes("\0"))
    throw refuse(path, "a link to nothing");
  return target;
}

/** Attributes; where a file was copied from on the daemon means nothing here, that it was copied does. */
function parseXattrs({ records }: TarAnnouncement, path: RelPath): ReadonlyMap<string, Buffer> {
  const xattrs = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (RECORDS.has(key)) continue;
    const name = key.startsWith(XATTR) ? parseXattrName(key.slice(XATTR.length)) : undefined;
    if (name === undefined || !isPortableXattr(name)) throw refuse(path, `${JSON.stringify(key)}`);
    xattrs.set(name, name === ORIGIN ? Buffer.alloc(0) : value);
  }
  return xattrs;
}

/** As `helper.pl` writes it; undefined for a name that no text of ours can say. */
function parseXattrName(plain: string): string | undefined {
  try {
    const name = decodeURIComponent(plain);
    return name.includes("\0") ? undefined : name;
  } catch {
    return undefined;
  }
}

function refuse(path: RelPath, what: string): SandboxError {
  return damaged(`${JSON.stringify(path === "" ? "." : path)} has ${what}`);
}
