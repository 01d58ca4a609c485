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
  const deniedPaths = new Set(review.items.filter(isDenied).map(({ change }) => keyOf(change)));
  const isBlocked = ({ change }: ReviewedChange): boolean =>
    ancestors(change).some((path) => deniedPaths.has(keyOf({ ...change, path })));
  const isOut = new Set(chosen.filter((item) => isDenied(item) || isBlocked(item)));
  const denied = [...isOut];
  const kept = chosen.filter((item) => !isOut.has(item));
  const above = new Set(
    kept.flatMap(({ change }) => ancestors(change).map((path) => keyOf({ ...change, path }))),
  );
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

/** The directories above a change, nearest first; not the workspace itself. */
function ancestors(change: Change): readonly RelPath[] {
  const found: RelPath[] = [];
  for (let at = parentPath(change.path); at !== undefined && at !== ROOT_PATH; at = parentPath(at))
    found.push(at);
  return found;
}
