import type { BigIntStats } from "node:fs";
import { chmodSync } from "node:fs";
import type { FileType, Notice } from "../core/change.js";
import { hasErrno, SandboxError } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import { readLinkAt, statAt, toChildPath } from "../host/dir-handle.js";
import type { FileHasher, HashedFile } from "../host/hash-file.js";
import type { Native } from "../host/native.js";
import type { PathXattrs } from "./overlay-marks.js";
import { readPathXattrs } from "./overlay-marks.js";
import { isWhiteout, toPathType } from "./path-type.js";

/** What the upperdir holds at a name. */
export type UpperEntry =
  | {
      readonly kind: "entry";
      readonly type: FileType;
      readonly stats: BigIntStats;
      readonly xattrs: PathXattrs;
      readonly digest?: Digest;
      readonly target?: string;
    }
  | { readonly kind: "whiteout" }
  /** Something a change cannot carry: what was there before is gone all the same. */
  | { readonly kind: "dropped"; readonly notice: NoticeText }
  /** Something that cannot be read: the path is left out altogether. */
  | { readonly kind: "unreadable"; readonly notice: NoticeText };

/** A notice without its place. */
export type NoticeText = Pick<Notice, "kind" | "text">;

/** What reading needs besides the place. */
export interface UpperReader {
  readonly native: Native;
  readonly hasher: FileHasher;
}

/** A hole costs no disk but has to be hashed like data: more of it than this is not carried. */
const MOST_HOLES = 64n << 30n;
const NO_XATTRS: PathXattrs = { opaque: false, forged: [], unreadable: [] };

/**
 * Reads one name of an upperdir; a directory is not entered. Throws `damaged` for a mark under which data
 * would be missing, and where the layers change while they are read.
 */
export function readUpperEntry(
  reader: UpperReader,
  at: { readonly dirFd: number; readonly name: string; readonly path: RelPath },
): UpperEntry {
  const stats = statAt(at.dirFd, at.name);
  if (stats === undefined) throw toChanged(at.path);
  if (isWhiteout(stats)) return { kind: "whiteout" };
  const type = toPathType(stats);
  switch (type) {
    case "socket":
      return dropped("socket-skipped", "a socket: it means nothing without its process");
    case "device":
      return dropped("device-refused", "a device: never taken over");
    case "symlink":
      return {
        kind: "entry",
        type,
        stats,
        xattrs: NO_XATTRS,
        target: readLinkAt(at.dirFd, at.name),
      };
    case "file":
      return readFile(reader, { ...at, stats });
    default:
      return { kind: "entry", type, stats, xattrs: readMarks(reader.native, at) };
  }
}

/** Attributes of a name in an upperdir. Throws `damaged` where they say that data lie elsewhere. */
export function readMarks(
  native: Native,
  at: { readonly dirFd: number; readonly name: string; readonly path: RelPath },
): PathXattrs {
  const xattrs = readPathXattrs(native, toChildPath(at.dirFd, at.name), { side: "upper" });
  if (xattrs.incomplete === undefined) return xattrs;
  throw new SandboxError(
    "damaged",
    `the layers are incomplete: ${at.path} carries ${xattrs.incomplete}`,
    { hint: "its data lie elsewhere; nothing of this session can be committed" },
  );
}

function readFile(
  reader: UpperReader,
  at: { dirFd: number; name: string; path: RelPath; stats: BigIntStats },
): UpperEntry {
  if (at.stats.size - at.stats.blocks * 512n > MOST_HOLES)
    return unreadable(`a sparse file that claims ${at.stats.size} bytes: too large to check`);
  const xattrs = readMarks(reader.native, at);
  const hashed = hashUnlocked(reader.hasher, toChildPath(at.dirFd, at.name), at.stats);
  if (hashed === "denied") return unreadable("this user may not read it");
  if (hashed === undefined || hashed.stats.ino !== at.stats.ino) throw toChanged(at.path);
  const { stats, digest } = hashed;
  return { kind: "entry", type: "file", stats, xattrs, digest };
}

/** Hashes a file of ours that withholds its owner's right to read (a task may `chmod 000`). */
function hashUnlocked(
  hasher: FileHasher,
  path: string | Buffer,
  stats: BigIntStats,
): HashedFile | undefined | "denied" {
  try {
    return hasher(path);
  } catch (error) {
    if (!hasErrno(error, "EACCES", "EPERM")) throw error;
    if (Number(stats.uid) !== process.getuid?.()) return "denied";
  }
  const mode = Number(stats.mode) & 0o7777;
  chmodSync(path, mode | 0o400);
  try {
    const hashed = hasher(path);
    return hashed === undefined ? undefined : { ...hashed, stats };
  } finally {
    chmodSync(path, mode);
  }
}

function dropped(kind: Notice["kind"], text: string): UpperEntry {
  return { kind: "dropped", notice: { kind, text } };
}

function unreadable(text: string): UpperEntry {
  return { kind: "unreadable", notice: { kind: "unreadable", text } };
}

function toChanged(path: RelPath): SandboxError {
  return new SandboxError("damaged", `the layers changed while they were read: ${path}`);
}
