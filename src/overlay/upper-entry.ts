import type { BigIntStats } from "node:fs";
import { chmodSync } from "node:fs";
import type { FileType, Notice } from "../core/change.js";
import { hasErrno, SandboxError } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import { type NamedEntry, readLinkAt, statAt, toChildPath } from "../host/dir-handle.js";
import type { FileHasher } from "../host/hash-file.js";
import type { Native } from "../host/native.js";
import type { PathXattrs } from "./overlay-marks.js";
import { NO_XATTRS, readPathXattrs } from "./overlay-marks.js";
import { isWhiteout, toModeBits, toPathType } from "./path-type.js";

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

/** A name of an upperdir in its open directory. */
export interface UpperAt extends NamedEntry {
  readonly dirFd: number;
  readonly path: RelPath;
}

/**
 * Reads one name of an upperdir; a directory is not entered. Throws `damaged` for a mark under which data
 * would be missing, and where the layers change while they are read.
 */
export function readUpperEntry(reader: UpperReader, at: UpperAt): UpperEntry {
  try {
    return readEntry(reader, at);
  } catch (error) {
    if (!hasErrno(error, "EACCES", "EPERM")) throw error;
    return readUnlocked(reader, at);
  }
}

function readEntry(reader: UpperReader, at: UpperAt): UpperEntry {
  // Opening says all that looking would: half of the calls for the commonest thing.
  if (at.isFile) return readFile(reader, at);
  const stats = statAt(at.dirFd, at.name);
  if (stats === undefined) throw toChanged(at.path);
  if (isWhiteout(stats)) return { kind: "whiteout" };
  const type = toPathType(stats);
  switch (type) {
    case "socket":
      return dropped("socket-skipped", "a socket: it means nothing without its process");
    case "device":
      return dropped("device-refused", "a device: never taken over");
    case "symlink": {
      const target = readLinkAt(at.dirFd, at.name);
      return { kind: "entry", type, stats, xattrs: NO_XATTRS, target };
    }
    case "file":
      return readFile(reader, at);
    default:
      return { kind: "entry", type, stats, xattrs: readMarks(reader.native, at) };
  }
}

/** A path of ours that withholds its owner's right to read (a task may `chmod 000`) is given it for a moment. */
function readUnlocked(reader: UpperReader, at: UpperAt): UpperEntry {
  const path = toChildPath(at.dirFd, at.name);
  const stats = statAt(at.dirFd, at.name);
  if (stats === undefined || stats.isSymbolicLink() || Number(stats.uid) !== process.getuid?.())
    return unreadable("this user may not read it");
  const mode = toModeBits(stats);
  const entry = readWithMode(() => readEntry(reader, at), { path, mode });
  // The ctime has moved twice.
  return entry.kind === "entry" ? { ...entry, stats: statAt(at.dirFd, at.name) ?? stats } : entry;
}

function readWithMode<T>(read: () => T, o: { path: string | Buffer; mode: number }): T {
  chmodSync(o.path, o.mode | 0o400);
  try {
    return read();
  } finally {
    chmodSync(o.path, o.mode);
  }
}

function readFile(reader: UpperReader, at: UpperAt): UpperEntry {
  const xattrs = readMarks(reader.native, at);
  const hashed = reader.hasher(toChildPath(at.dirFd, at.name), isMostlyHoles);
  if (hashed === undefined) throw toChanged(at.path);
  const { stats, digest } = hashed;
  if (digest === undefined)
    return unreadable(`a sparse file that claims ${stats.size} bytes: too large to check`);
  return { kind: "entry", type: "file", stats, xattrs, digest };
}

/** Throws where the attributes say that data lie elsewhere. */
function readMarks(native: Native, at: UpperAt): PathXattrs {
  const xattrs = readPathXattrs(native, toChildPath(at.dirFd, at.name), { side: "upper" });
  if (xattrs.incomplete === undefined) return xattrs;
  throw new SandboxError(
    "damaged",
    `the layers are incomplete: ${at.path} carries ${xattrs.incomplete}`,
    { hint: "its data lie elsewhere; nothing of this session can be committed" },
  );
}

function isMostlyHoles(stats: BigIntStats): boolean {
  return stats.size - stats.blocks * 512n > MOST_HOLES;
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
