import type { Change } from "../core/change.js";
import type { SavedDecision } from "../core/saved-decision.js";
import type { ComposedChange } from "./composed-change.js";
import type { Treatment } from "./prepare-plan.js";
import type { ReviewedChange } from "./session-review.js";

/** What is to be committed, and what a review said of it. */
export interface Approvals {
  readonly decisions: readonly SavedDecision[];
  readonly treatments: ReadonlyMap<number, Treatment>;
  /** By the change they stand for. */
  readonly composed: ReadonlyMap<Change, ComposedChange>;
}

/**
 * What policy asks about and no review has approved as it is to be committed now. A directory that only comes along is approved
 * with what comes below it, unless there is a reason to look at it.
 */
export function findUnapproved(
  items: {
    readonly chosen: readonly ReviewedChange[];
    readonly parents: readonly ReviewedChange[];
  },
  approvals: Approvals,
): readonly ReviewedChange[] {
  const saved = new Map(approvals.decisions.map((decision) => [decision.change, decision]));
  const asks = (item: ReviewedChange): boolean => item.decision.decision === "ask";
  const chosen = items.chosen
    .filter(asks)
    .filter((item) => !isApproved(item, saved.get(item.change.digest), approvals));
  const parents = items.parents.filter(asks);
  const isCarried = (item: ReviewedChange): boolean =>
    chosen.length === 0 && (item.risks.length === 0 || isOnlyMade(item));
  return [...parents.filter((item) => !isCarried(item)), ...chosen];
}

/** A directory that is only to be made: what runs later is what lies in it, and that has a path of its own. */
export function isOnlyMade({ change, risks }: ReviewedChange): boolean {
  const isMade = change.kind === "add" && change.after?.type === "dir";
  return isMade && risks.every(({ id }) => id === "runs-later");
}

function isApproved(
  item: ReviewedChange,
  decision: SavedDecision | undefined,
  { treatments, composed }: Approvals,
): boolean {
  const made = composed.get(item.change);
  const treatment = treatments.get(item.index);
  switch (decision?.verdict) {
    case "approve":
      return made === undefined || made.how === "edits";
    case "edits": {
      if (made?.how !== "edits" || treatment?.kind !== "edits") return false;
      const allowed = new Set(decision.edits);
      return (
        [...treatment.edits].every((edit) => allowed.has(edit)) &&
        (!treatment.metadata || decision.metadata)
      );
    }
    case "merge":
    case "theirs":
      return made?.how === decision.verdict && made.change.digest === decision.result;
    default:
      return false;
  }
}
