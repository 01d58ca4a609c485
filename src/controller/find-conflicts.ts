import { type PathConflict, planCommit } from "../commit/plan-commit.js";
import type { Controller } from "./controller.js";
import type { SessionReview } from "./session-review.js";

/** What stands in the way of committing everything now: a look, nothing is locked or written. */
export async function findConflicts(
  controller: Controller,
  review: SessionReview,
): Promise<readonly PathConflict[]> {
  if (review.changeset.changes.length === 0) return [];
  return planCommit({
    changeset: review.changeset,
    layers: review.record.layers,
    selection: "all",
    native: await controller.host.native(),
  }).conflicts;
}
