import type { Change } from "../core/change.js";
import type { RelPath } from "../core/path.js";

/**
 * Content that was made for a change of the plan instead of taken from the layers: of a merge, or of some hunks of a file.
 * It is a regular file; the SHA-256 of its bytes must be the change's.
 */
export interface Composed {
  /** What the layers hold at this path: it must still be what was reviewed. */
  readonly original: Change;
  /** Where it lies below the commit's own directory. */
  readonly content: RelPath;
  /** `pending`: a part of the original stays to be committed later, so the layers keep it. */
  readonly rest: "none" | "pending";
}
