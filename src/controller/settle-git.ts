import type { PathConflict } from "../commit/plan-commit.js";
import type { Change } from "../core/change.js";
import { joinPath, parentPath, type RelPath } from "../core/path.js";
import { findGitUse } from "../overlay/find-git-use.js";
import { toGitPlace, toGitPlaceOf } from "../review/git-group.js";
import type { Controller } from "./controller.js";
import { readStampsSince } from "./read-stamps-since.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/** A selection in which a repository's own data is whole. */
export interface GitSelection {
  readonly chosen: readonly ReviewedChange[];
  /** Hooks, configuration and locks that nobody named: they stay pending. */
  readonly leftOut: readonly ReviewedChange[];
}

/**
 * Objects, refs, index and logs of one `.git` directory come together or not at all: any of them brings the others. What git obeys, and
 * what a killed git left, comes only where it is named.
 */
export function settleGit(
  review: SessionReview,
  chosen: readonly ReviewedChange[],
  isNamed: (item: ReviewedChange) => boolean,
): GitSelection {
  const deleted = new Set(
    review.items
      .filter(({ change }) => change.kind === "delete")
      .map(({ change }) => keyOf(change)),
  );
  const isData = (item: ReviewedChange): boolean => isGitData(item.change, deleted);
  const whole = new Set(chosen.filter(isData).map(({ change }) => toGroupKey(change)));
  const kept = new Set(chosen.map(({ index }) => index));
  const leftOut = chosen.filter(
    (item) => toGitPlace(item.change.path) !== undefined && !isData(item) && !isNamed(item),
  );
  for (const { index } of leftOut) kept.delete(index);
  for (const item of review.items)
    if (whole.has(toGroupKey(item.change)) && isData(item)) kept.add(item.index);
  return { chosen: review.items.filter(({ index }) => kept.has(index)), leftOut };
}

/** Also what goes with a directory that goes as a whole. */
function isGitData(change: Change, deleted: ReadonlySet<string>): boolean {
  const place = toGitPlaceOf(change);
  if (place === undefined) return false;
  if (place.role === "data") return true;
  const parent = parentPath(change.path);
  return (
    change.kind === "delete" &&
    parent !== undefined &&
    deleted.has(keyOf({ ...change, path: parent }))
  );
}

function toGroupKey({ workspace, path }: Pick<Change, "workspace" | "path">): string | undefined {
  const place = toGitPlace(path);
  return place === undefined ? undefined : `${workspace}/${place.gitDir}`;
}

function keyOf({ workspace, path }: Pick<Change, "workspace" | "path">): string {
  return `${workspace}/${path}`;
}

/**
 * A conflict for each repository of which something is to be committed and that somebody worked with since the task began: its
 * refs and the task's may name objects that the other side has dropped. What our own commits of the session did does not count.
 */
export async function findGitConflicts(
  controller: Controller,
  review: SessionReview,
  changes: readonly Change[],
): Promise<readonly PathConflict[]> {
  const dirs = new Map<string, { change: Change; gitDir: RelPath }>();
  for (const change of changes) {
    const place = toGitPlace(change.path);
    if (place?.role === "data" && place.below !== "")
      dirs.set(`${change.workspace}/${place.gitDir}`, { change, gitDir: place.gitDir });
  }
  if (dirs.size === 0) return [];
  const committed = await readStampsSince(controller, review.record);
  return [...dirs.values()].flatMap(({ change, gitDir }) => {
    const { workspace } = change;
    const own = committed.filter((stamp) => stamp.workspace === workspace);
    const used = findGitUse(layersOf(review.record, change), gitDir, own);
    if (used === undefined) return [];
    const what =
      used.how === "lock"
        ? "git is at work there on the host, or was killed and left its lock"
        : "git was used there on the host since the task began";
    const reason = `${what} (${used.path}): a repository is committed as a whole`;
    return [{ workspace, path: joinPath(gitDir, used.path), reason }];
  });
}
