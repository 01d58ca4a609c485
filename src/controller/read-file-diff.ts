import type { Change } from "../core/change.js";
import { readContent } from "../overlay/read-content.js";
import { type FileDiff, needsContent, toFileDiff } from "../review/file-diff.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import type { SessionReview } from "./session-review.js";
import { layersOf } from "./session-review.js";

/** The difference of one change's content, read now from the workspace and the layers, one file at a time. */
export function readFileDiff(review: SessionReview, change: Change): FileDiff {
  const layers = layersOf(review.record, change);
  const wanted = needsContent(change);
  const limit = { maxBytes: DIFF_LIMITS.bytes };
  const before = wanted.before ? readContent(layers.lower, change.path, limit) : undefined;
  const after = wanted.after ? readContent(layers.upper, change.path, limit) : undefined;
  return toFileDiff(change, {
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}
