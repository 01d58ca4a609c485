import type { Change } from "../core/change.js";
import { readContent } from "../overlay/read-content.js";
import {
  type ChangeContent,
  type FileDiff,
  needsContent,
  toFileDiff,
  toMoveDiff,
  toSides,
} from "../review/file-diff.js";
import type { Origin } from "../review/moves.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import type { SessionReview } from "./session-review.js";
import { layersOf } from "./session-review.js";

/**
 * The difference of one change's content, read now from the workspace and the layers, one file at a time; to what it was made
 * of, where `origin` says so.
 */
export function readFileDiff(review: SessionReview, change: Change, origin?: Origin): FileDiff {
  if (origin === undefined) return toFileDiff(change, readSides(review, change, change));
  const sides = toSides(change, origin);
  return toMoveDiff(change, origin, readSides(review, sides, origin.from));
}

/** `from`: whose path the content before is at. */
function readSides(review: SessionReview, sides: Change, from: Change): ChangeContent {
  const layers = layersOf(review.record, sides);
  const wanted = needsContent(sides);
  const limit = { maxBytes: DIFF_LIMITS.bytes };
  const before = wanted.before ? readContent(layers.lower, from.path, limit) : undefined;
  const after = wanted.after ? readContent(layers.upper, sides.path, limit) : undefined;
  return {
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
