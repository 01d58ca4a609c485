import type { Change } from "../core/change.js";
import { readContent } from "../overlay/read-content.js";
import { findMoves } from "../review/find-moves.js";
import type { Moves } from "../review/moves.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/** Which of `items` were moved or copied from others of them; what is not among them is nobody's origin. For showing only. */
export function findSessionMoves(
  review: SessionReview,
  items: readonly Pick<ReviewedChange, "change">[] = review.items,
): Moves {
  return findMoves(
    items.map(({ change }) => change),
    (change, side) => readSide(review, change, side),
  );
}

function readSide(
  review: SessionReview,
  change: Change,
  side: "before" | "after",
): Uint8Array | undefined {
  const layers = layersOf(review.record, change);
  const root = side === "before" ? layers.lower : layers.upper;
  const bytes = readContent(root, change.path, { maxBytes: DIFF_LIMITS.bytes });
  // Something else is there by now: no statement about it.
  return bytes?.length === change[side]?.size ? bytes : undefined;
}
