import type { PathConflict } from "../commit/plan-commit.js";
import type { Change } from "../core/change.js";
import type { Digest } from "../core/ids.js";
import { parentPath, type RelPath } from "../core/path.js";
import { isAnswered, type SavedDecision } from "../core/saved-decision.js";
import { rankChanges } from "../review/rank-changes.js";
import { type GitGroup, readGitGroups } from "./read-git-stories.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";
import { isDenied } from "./settle-selection.js";

/** What is asked about at once. */
export type ReviewUnit =
  /** A repository's own data: it is committed as one. */
  | { readonly kind: "git"; readonly group: GitGroup; readonly items: readonly ReviewedChange[] }
  /** A deleted directory with all that was in it; itself first. */
  | { readonly kind: "tree"; readonly items: readonly ReviewedChange[] }
  | {
      readonly kind: "file";
      readonly items: readonly [ReviewedChange];
      readonly conflict: PathConflict | undefined;
      /** It was left in the middle. */
      readonly saved: SavedDecision | undefined;
    };

/**
 * What a review has to ask, riskiest first: neither what policy denies nor what was answered before. A new directory is not asked about
 * where something in it is: it comes with that.
 */
export function listReviewUnits(
  review: SessionReview,
  known: {
    readonly decisions: ReadonlyMap<Digest, SavedDecision>;
    readonly conflicts: readonly PathConflict[];
    /** Indices of changes; absent: all. */
    readonly only?: ReadonlySet<number>;
  },
): readonly ReviewUnit[] {
  const { decisions, only } = known;
  const open = new Set(
    review.items.filter((item) => {
      const saved = decisions.get(item.change.digest);
      const isDone = saved !== undefined && isAnswered(saved);
      return !isDenied(item) && !isDone && (only === undefined || only.has(item.index));
    }),
  );
  const git = readGitGroups(review, [...open]).filter(({ data }) => data.length > 0);
  for (const item of git.flatMap(({ data }) => data)) open.delete(item);
  const conflicts = toConflictMap(review, known.conflicts);
  const trees = findTrees(review, open, conflicts);
  const holders = findHolders(review);
  const units: ReviewUnit[] = [];
  for (const item of rankChanges([...open])) {
    const tree = trees.get(item);
    if (tree !== undefined && tree[0] !== item) continue;
    const saved = decisions.get(item.change.digest);
    if (tree !== undefined) units.push({ kind: "tree", items: tree });
    else if (!isHolderOnly(item, holders))
      units.push({ kind: "file", items: [item], conflict: conflicts.get(item), saved });
  }
  return [...units, ...git.map((group) => ({ kind: "git" as const, group, items: group.data }))];
}

function keyOf({ workspace, path }: Pick<Change, "workspace" | "path">): string {
  return `${workspace}/${path}`;
}

/** Each conflict with the change at its path, else with the nearest one above it. */
function toConflictMap(
  review: SessionReview,
  conflicts: readonly PathConflict[],
): ReadonlyMap<ReviewedChange, PathConflict> {
  const items = new Map(review.items.map((item) => [keyOf(item.change), item]));
  const found = new Map<ReviewedChange, PathConflict>();
  for (const conflict of conflicts) {
    let at: RelPath | undefined = conflict.path;
    let item: ReviewedChange | undefined;
    for (; at !== undefined && item === undefined; at = parentPath(at))
      item = items.get(keyOf({ ...conflict, path: at }));
    if (item !== undefined && !found.has(item)) found.set(item, conflict);
  }
  return found;
}

/** Deleted directories that can be asked about as one: nothing in them runs later, is in conflict, or was answered alone. */
function findTrees(
  review: SessionReview,
  open: ReadonlySet<ReviewedChange>,
  conflicts: ReadonlyMap<ReviewedChange, PathConflict>,
): ReadonlyMap<ReviewedChange, readonly ReviewedChange[]> {
  const isPlain = (item: ReviewedChange): boolean =>
    open.has(item) &&
    item.change.kind === "delete" &&
    !conflicts.has(item) &&
    !item.risks.some(({ id }) => id === "runs-later");
  const foldable = collectTrees(review).filter((tree) => tree.length > 1 && tree.every(isPlain));
  return new Map(foldable.flatMap((tree) => tree.map((item) => [item, tree])));
}

/** The topmost deleted directories, each with what lies below it. */
function collectTrees(review: SessionReview): readonly (readonly ReviewedChange[])[] {
  const byDirectory = new Map<string, ReviewedChange[]>();
  const trees: ReviewedChange[][] = [];
  const depth = ({ change }: ReviewedChange): number => change.path.split("/").length;
  for (const item of review.items.toSorted((a, b) => depth(a) - depth(b))) {
    const { workspace, path, kind, before } = item.change;
    // The workspace itself has no parent, and is nobody's.
    const parent = parentPath(path) ?? path;
    const above = byDirectory.get(keyOf({ workspace, path: parent }));
    const isDirectory = kind === "delete" && before?.type === "dir";
    if (above === undefined && !isDirectory) continue;
    const tree = above ?? [];
    if (above === undefined) trees.push(tree);
    tree.push(item);
    if (isDirectory) byDirectory.set(keyOf(item.change), tree);
  }
  return trees;
}

/** Directories that something pending lies in. */
function findHolders(review: SessionReview): ReadonlySet<string> {
  const holders = new Set<string>();
  for (const { change } of review.items) {
    const parent = parentPath(change.path);
    if (parent !== undefined) holders.add(keyOf({ ...change, path: parent }));
  }
  return holders;
}

function isHolderOnly({ change, risks }: ReviewedChange, holders: ReadonlySet<string>): boolean {
  return (
    change.kind === "add" &&
    change.after?.type === "dir" &&
    risks.length === 0 &&
    holders.has(keyOf(change))
  );
}
