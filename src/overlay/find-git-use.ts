import { closeSync } from "node:fs";
import type { CommittedStamp, Layers } from "../core/change.js";
import { baseName, joinPath, type RelPath } from "../core/path.js";
import { readDirAt, statAt } from "../host/dir-handle.js";
import { createHostTouch, type HostTouch } from "./host-touch.js";
import { readStamp } from "./layers-stamp.js";
import { openBelow, openParent } from "./read-content.js";

/** What each of git's commands that move a ref writes; a fetch or a status does not. */
const MARKS = ["HEAD", "packed-refs", "logs/HEAD", "refs/stash"] as const;

/** Where refs lie, in directories of their own where their names have slashes. */
const REFS = ["refs/heads", "refs/tags"] as const;

/** There while git writes; left by one that was killed, and git itself then refuses to work. */
const LOCKS = ["index.lock", "HEAD.lock", "packed-refs.lock"] as const;

/** Deeper than any ref a person would name: beyond it nothing is looked at. */
const DEEPEST = 32;

/** What somebody's git did in a repository of the workspace. */
export interface GitUse {
  /** Below the repository's directory. */
  readonly path: RelPath;
  /** `lock`: it is at work now, or was killed; `used`: it wrote since the task began. */
  readonly how: "lock" | "used";
}

/**
 * What somebody's git wrote below `gitDir` of the workspace since the stamp, and no commit of ours; undefined: nothing, or no repository
 * is there.
 */
export function findGitUse(
  layers: Layers,
  gitDir: RelPath,
  committed: readonly CommittedStamp[],
): GitUse | undefined {
  const { ctimeNs } = readStamp(layers.stamp);
  const touch = createHostTouch({ stampNs: ctimeNs, committed });
  const lock = LOCKS.find((name) => statBelow(layers.lower, joinPath(gitDir, name)) !== undefined);
  if (lock !== undefined) return { path: lock as RelPath, how: "lock" };
  const used =
    MARKS.find((mark) => isTouched(layers.lower, joinPath(gitDir, mark), touch)) ??
    REFS.find((refs) => isTouchedBelow(layers.lower, joinPath(gitDir, refs), { touch, depth: 0 }));
  return used === undefined ? undefined : { path: used as RelPath, how: "used" };
}

function isTouched(root: string, path: RelPath, touch: HostTouch): boolean {
  const stats = statBelow(root, path);
  return stats !== undefined && touch.isTouched(path, stats);
}

/** True where anything was written, made or removed in a directory or below it. */
function isTouchedBelow(
  root: string,
  path: RelPath,
  o: { readonly touch: HostTouch; readonly depth: number },
): boolean {
  const stats = statBelow(root, path);
  if (stats === undefined) return false;
  if (o.touch.isTouched(path, stats)) return true;
  if (!stats.isDirectory() || o.depth === DEEPEST) return false;
  const deeper = { ...o, depth: o.depth + 1 };
  return listBelow(root, path).some((name) => isTouchedBelow(root, joinPath(path, name), deeper));
}

function listBelow(root: string, path: RelPath): readonly string[] {
  const fd = openBelow(root, path);
  if (fd === undefined) return [];
  try {
    return readDirAt(fd);
  } finally {
    closeSync(fd);
  }
}

function statBelow(root: string, path: RelPath): ReturnType<typeof statAt> {
  const fd = openParent(root, path);
  if (fd === undefined) return undefined;
  try {
    return statAt(fd, baseName(path));
  } finally {
    closeSync(fd);
  }
}
