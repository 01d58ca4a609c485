import type { RelPath } from "../core/path.js";
import { isWithin } from "../core/path.js";

/** Paths that were mounted over, and what holds them (design.md 14). */
export interface CoveredPaths {
  /** True at or below such a path: nothing there is the task's doing. */
  covers(path: RelPath): boolean;
  /** The first such path below `path`. */
  heldBy(path: RelPath): RelPath | undefined;
}

/** Asks are cheap where nothing is covered, which is the rule. */
export function createCoveredPaths(covered: readonly RelPath[]): CoveredPaths {
  return {
    covers: (path) => covered.some((one) => isWithin(path, one)),
    heldBy: (path) => covered.find((one) => one !== path && isWithin(one, path)),
  };
}
