import type { SavedDecision } from "../core/saved-decision.js";
import { type ComposedChange, findDenial, isRefusal, type Refusal } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { type OpenMerge, openMerge } from "./merge-change.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";
import { takeTheirs } from "./take-theirs.js";

/** What can be made of a change that is in conflict, besides leaving it out. */
export interface OpenConflict {
  readonly merge: OpenMerge | Refusal;
  readonly theirs: ComposedChange | Refusal;
}

/** Reads what is in the workspace now. Nothing is written. */
export async function openConflict(
  controller: Controller,
  review: SessionReview,
  item: ReviewedChange,
): Promise<OpenConflict> {
  const theirs = await takeTheirs(controller, review, item);
  return {
    merge: await openMerge(controller, review, item),
    theirs: permit(review, theirs ?? { refused: "it is not this path that is in the way" }),
  };
}

/** Policy judges what was composed too. */
export function permit(
  review: SessionReview,
  made: ComposedChange | Refusal,
): ComposedChange | Refusal {
  return isRefusal(made) ? made : (findDenial(review, made.change) ?? made);
}

/** True where the host still has what `made` was composed of. */
export async function isStillTheirs(
  controller: Controller,
  o: { readonly review: SessionReview; readonly item: ReviewedChange },
  made: ComposedChange,
): Promise<boolean> {
  const now = await takeTheirs(controller, o.review, o.item);
  return now !== undefined && !isRefusal(now) && now.change.digest === made.change.digest;
}

/** The answer that takes the task's version, bound to what is in its place now. */
export function toTheirsDecision({ original, change }: ComposedChange): SavedDecision {
  return { change: original.digest, verdict: "theirs", result: change.digest };
}
