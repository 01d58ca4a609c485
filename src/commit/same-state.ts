import { hashFileAt } from "../host/confined-file.js";
import type { At, FileOps } from "../host/confined-ops.js";
import type { FileStat } from "../host/confined-stat.js";
import { readCarried, sameXattrs } from "./carried-xattrs.js";
import type { PathState } from "./step.js";
import type { Stamp } from "./transaction.js";

/** A path that is there now: where, and its state. */
export interface Present {
  readonly at: At;
  readonly stat: FileStat;
}

/** What `describeDifference` compares with; `stamp` is the inode as it was when the state was read. */
export interface Expected extends Omit<PathState, "uid" | "gid"> {
  /** Undefined: any. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly stamp?: Stamp;
}

/**
 * In a few words how what is there differs from what is expected; undefined where it does not. Judged by content,
 * never by a time: an inode unchanged since (`stamp`, size and mtime) is taken as the same, any other is read.
 * Directories are compared without their entries.
 */
export function describeDifference(
  ops: FileOps,
  present: Present,
  expected: Expected,
): string | undefined {
  const { stat } = present;
  if (stat.type !== expected.type) return `is now a ${nameType(stat.type)}`;
  if (stat.mode !== expected.mode)
    return `has mode ${octal(stat.mode)}, not ${octal(expected.mode)}`;
  if (differs(stat.uid, expected.uid) || differs(stat.gid, expected.gid))
    return `belongs to ${stat.uid}:${stat.gid}`;
  if (isUntouched(stat, expected)) return undefined;
  return describeContent(ops, present, expected);
}

function describeContent(ops: FileOps, present: Present, expected: Expected): string | undefined {
  const { at, stat } = present;
  if (stat.type === "file" && !sameContent(ops, present, expected)) return "has other content";
  if (stat.type === "symlink" && ops.readLink(at) !== expected.target) return "points elsewhere";
  if (stat.type === "symlink") return undefined;
  return sameXattrs(readCarried(ops, at), expected.xattrs) ? undefined : "has other attributes";
}

/**
 * What was not read before (a big file that is deleted, one that we may not read) cannot be compared by content: its inode must
 * be the same and not written to. Its ctime alone may be ours, by an attempt that was undone.
 */
function sameContent(ops: FileOps, { at, stat }: Present, expected: Expected): boolean {
  if (stat.size !== expected.size) return false;
  if (expected.digest !== undefined) return hashFileAt(ops, at, stat.size) === expected.digest;
  return stat.ino === expected.stamp?.ino && stat.mtimeNs === expected.mtimeNs;
}

/** An inode that no one has written to, renamed or given other metadata since `stamp`. */
function isUntouched(stat: FileStat, expected: Expected): boolean {
  const { stamp } = expected;
  return (
    stamp !== undefined &&
    stat.ino === stamp.ino &&
    stat.ctimeNs === stamp.ctimeNs &&
    (stat.type !== "file" || (stat.size === expected.size && stat.mtimeNs === expected.mtimeNs))
  );
}

function differs(present: number, expected: number | undefined): boolean {
  return expected !== undefined && present !== expected;
}

/** A type as people call it. */
export function nameType(type: FileStat["type"]): string {
  return type === "dir" ? "directory" : type === "symlink" ? "symbolic link" : type;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
