import type { BigIntStats } from "node:fs";
import type { BaseState, Xattrs } from "../core/change.js";
import { hasErrno } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import { readLinkAt, statAt, toChildPath } from "../host/dir-handle.js";
import type { FileHasher } from "../host/hash-file.js";
import { toModeBits, toPathType } from "./path-type.js";

/** A name below an open directory of a workspace. */
export interface BaseAt {
  readonly dirFd: number;
  readonly name: string;
}

/** The workspace's path as it is now; `denied` where this user may not even look. */
export function readBaseStats(at: BaseAt): BigIntStats | undefined | "denied" {
  try {
    return statAt(at.dirFd, at.name);
  } catch (error) {
    if (hasErrno(error, "EACCES")) return "denied";
    throw error;
  }
}

/** The content of a base path: a file's digest where `hasher` is given, a link's target. */
export function readBaseContent(
  at: BaseAt,
  stats: BigIntStats,
  hasher: FileHasher | undefined,
): { readonly digest?: Digest; readonly target?: string } | "denied" {
  try {
    if (stats.isSymbolicLink()) return { target: readLinkAt(at.dirFd, at.name) };
    if (!stats.isFile() || hasher === undefined) return {};
    const hashed = hasher(toChildPath(at.dirFd, at.name));
    return hashed?.digest === undefined ? {} : { digest: hashed.digest };
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) return "denied";
    // Gone or retyped by the host since it was looked at: what was looked at stays the fingerprint, and a commit finds the difference.
    if (hasErrno(error, "ENOENT", "ELOOP", "EINVAL", "ENXIO")) return {};
    throw error;
  }
}

/** The fingerprint of a base path. */
export function toBaseState(
  stats: BigIntStats,
  content: { readonly digest?: Digest; readonly target?: string; readonly xattrs?: Xattrs },
): BaseState {
  return {
    type: toPathType(stats),
    mode: toModeBits(stats),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    mtimeNs: `${stats.mtimeNs}`,
    ctimeNs: `${stats.ctimeNs}`,
    ino: `${stats.ino}`,
    dev: `${stats.dev}`,
    nlink: Number(stats.nlink),
    ...content,
  };
}
