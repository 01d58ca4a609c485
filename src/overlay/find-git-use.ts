import { closeSync } from "node:fs";
import type { CommittedStamp, Layers } from "../core/change.js";
import { baseName, joinPath, type RelPath } from "../core/path.js";
import { statAt } from "../host/dir-handle.js";
import { createHostTouch } from "./host-touch.js";
import { readStamp } from "./layers-stamp.js";
import { openParent } from "./read-content.js";

/** What each of git's commands that move a ref writes; a fetch or a status does not. */
const MARKS = [
  "HEAD",
  "packed-refs",
  "logs/HEAD",
  "refs/heads",
  "refs/stash",
  "refs/tags",
] as const;

/**
 * What somebody's git wrote below `gitDir` of the workspace since the stamp, and no commit of ours; undefined: nothing, or no repository
 * is there.
 */
export function findGitUse(
  layers: Layers,
  gitDir: RelPath,
  committed: readonly CommittedStamp[],
): string | undefined {
  const { ctimeNs } = readStamp(layers.stamp);
  const touch = createHostTouch({ stampNs: ctimeNs, committed });
  return MARKS.find((mark) => {
    const path = joinPath(gitDir, mark);
    const stats = statBelow(layers.lower, path);
    return stats !== undefined && touch.isTouched(path, stats);
  });
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
