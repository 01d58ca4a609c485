import type { Change } from "../core/change.js";
import { parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";

/** What can be selected of what was chosen. */
export interface Selection {
  readonly selected: ReadonlySet<number>;
  /** Left out: denied itself, or below a directory that is. */
  readonly denied: readonly ReviewedChange[];
  /** Directories that come along because something below them was chosen: they are judged like the rest. */
  readonly parents: readonly ReviewedChange[];
}

/** What policy denies is never selected, and neither is what could only be written by writing that first. */
export function settleSelection(
  review: SessionReview,
  chosen: readonly ReviewedChange[],
): Selection {
  const isBlocked = createBlocked(review.items.filter(isDenied));
  const isOut = new Set(chosen.filter((item) => isDenied(item) || isBlocked(item.change)));
  const denied = [...isOut];
  const kept = chosen.filter((item) => !isOut.has(item));
  const above = collectAbove(kept);
  const selected = new Set(kept.map((item) => item.index));
  const parents = review.items.filter(
    (item) => !selected.has(item.index) && above.has(keyOf(item.change)),
  );
  return { selected, denied, parents };
}

/** True for what policy denies. */
export function isDenied(item: ReviewedChange): boolean {
  return item.decision.decision === "deny";
}

function keyOf(change: Pick<Change, "workspace" | "path">): string {
  return `${change.workspace}/${change.path}`;
}

/** Tells what lies below a path that is denied. Each directory is looked at once, however deep the trees are. */
function createBlocked(denied: readonly ReviewedChange[]): (change: Change) => boolean {
  const paths = new Set(denied.map(({ change }) => keyOf(change)));
  if (paths.size === 0) return () => false;
  const known = new Map<string, boolean>();
  return ({ workspace, path }) => {
    const passed: string[] = [];
    let isBlocked = false;
    for (const key of keysAbove(workspace, path)) {
      isBlocked = paths.has(key) || known.get(key) === true;
      if (isBlocked || known.has(key)) break;
      passed.push(key);
    }
    for (const key of passed) known.set(key, isBlocked);
    return isBlocked;
  };
}

/** The keys of all directories above `items`, without the workspaces. */
function collectAbove(items: readonly ReviewedChange[]): ReadonlySet<string> {
  const above = new Set<string>();
  for (const { change } of items)
    for (const key of keysAbove(change.workspace, change.path)) {
      if (above.has(key)) break;
      above.add(key);
    }
  return above;
}

/** The directories above a path, nearest first; not the workspace itself. */
function* keysAbove(workspace: number, path: RelPath): Generator<string> {
  for (let at = parentPath(path); at !== undefined && at !== ROOT_PATH; at = parentPath(at))
    yield keyOf({ workspace, path: at });
}
