import { lstatSync, mkdirSync, renameSync, rmdirSync, statfsSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import { mountOf } from "../host/mountinfo.js";

/** Where one workspace's layers go, and how a commit can bring files over from there. */
export interface LayersRoot {
  readonly root: string;
  readonly staging: "rename" | "copy";
}

/** Filesystems the kernel does not take an upperdir on (statfs(2), `f_type`): overlay, NFS, FAT, aufs, eCryptfs. */
const NO_UPPER: readonly number[] = [0x794c7630, 0x6969, 0x4d44, 0x61756673, 0xf15f];

/**
 * Makes the directory of the layers of `workspace` (design.md 12): in the session's own directory where
 * a rename from there to the workspace works, else beside the workspace's mount point, else in the
 * session's directory with copies. Intermediate directories are 0700 and this user's.
 */
export function makeLayersRoot(options: {
  readonly workspace: string;
  readonly sessionDir: string;
  readonly sessionId: SessionId;
  readonly index: number;
}): LayersRoot {
  const inSession = path.join(options.sessionDir, "layers", `${options.index}`);
  makeLeaf(inSession);
  if (canRename(inSession, options.workspace) && canHoldUpper(inSession))
    return { root: inSession, staging: "rename" };
  const beside = makeBesideMount(options);
  if (beside !== undefined) {
    rmdirSync(inSession);
    return { root: beside, staging: "rename" };
  }
  if (canHoldUpper(inSession)) return { root: inSession, staging: "copy" };
  throw new SandboxError(
    "sandbox-unavailable",
    `no place for the layers of ${options.workspace}: ${inSession} lies on a filesystem that cannot hold an upperdir`,
    { hint: "set SANDBOX_HOME to a directory on a local disk (ext4, XFS, Btrfs)" },
  );
}

/**
 * True where rename(2) works between the two directories. A name that does not exist is renamed: the
 * kernel compares the mounts (EXDEV) and their being writable (EROFS) before it looks for the name
 * (ENOENT), so nothing is made (`do_renameat2`, fs/namei.c).
 */
function canRename(from: string, to: string): boolean {
  const probe = `.sandbox-probe-${process.pid}`;
  try {
    renameSync(path.join(from, `${probe}-from`), path.join(to, `${probe}-to`));
  } catch (error) {
    return hasErrno(error, "ENOENT");
  }
  throw new SandboxError("unexpected", `a file named ${probe}-from was in ${from}`);
}

/** The name of a user's layers directory at a mount point. */
export const BESIDE_NAME = /^\.sandbox-\d+$/;

function makeBesideMount(options: {
  readonly workspace: string;
  readonly sessionId: SessionId;
  readonly index: number;
}): string | undefined {
  const mount = mountOf(options.workspace)?.mountPoint;
  if (mount === undefined || mount === options.workspace) return undefined;
  const uid = process.getuid?.() ?? 0;
  const own = path.join(mount, `.sandbox-${uid}`);
  if (!makePrivateDir(own, uid)) return undefined;
  const root = path.join(own, options.sessionId, `${options.index}`);
  makeLeaf(root);
  if (canRename(root, options.workspace) && canHoldUpper(root)) return root;
  rmdirSync(root);
  return undefined;
}

/** The last component must be new: layers that are there already are never taken, nor cleaned up, for these. */
function makeLeaf(dir: string): void {
  mkdirSync(path.dirname(dir), { recursive: true, mode: 0o700 });
  mkdirSync(dir, { mode: 0o700 });
}

/** False where the directory cannot be made, or what is there is not this user's private one. */
function makePrivateDir(dir: string, uid: number): boolean {
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM", "EROFS", "ENOSPC", "ENOENT")) return false;
    if (!hasErrno(error, "EEXIST")) throw error;
  }
  const stats = lstatSync(dir);
  return stats.isDirectory() && stats.uid === uid && (stats.mode & 0o7777) === 0o700;
}

function canHoldUpper(dir: string): boolean {
  return !NO_UPPER.includes(statfsSync(dir).type >>> 0);
}
