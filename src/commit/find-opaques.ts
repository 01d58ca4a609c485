import type { Change } from "../core/change.js";
import { isWithin, parentPath } from "../core/path.js";
import { OPAQUE } from "./clean-up.js";
import { upperRoot } from "./roots.js";
import type { Workbench } from "./stage-steps.js";
import type { OpaqueDir } from "./step.js";

/**
 * The opaque directories of the upperdirs in which something is committed, each with the deletions below it that are
 * not, so that taking the mark off loses none of them.
 */
export function findOpaques(
  bench: Workbench,
  changes: { readonly applied: readonly Change[]; readonly pending: readonly Change[] },
): readonly OpaqueDir[] {
  const seen = new Set<string>();
  const found: OpaqueDir[] = [];
  for (const { workspace, path, after } of changes.applied) {
    const root = upperRoot(workspace);
    let dir = after?.type === "dir" ? path : parentPath(path);
    while (dir !== undefined && dir !== "" && !seen.has(`${root}/${dir}`)) {
      seen.add(`${root}/${dir}`);
      const place = { root, path: dir };
      if (isOpaque(bench, place)) {
        const below = dir;
        const whiteouts = changes.pending
          .filter((change) => change.workspace === workspace && change.after === undefined)
          .filter((change) => change.path !== below && isWithin(change.path, below))
          .map((change) => change.path);
        found.push({ place, whiteouts });
      }
      dir = parentPath(dir);
    }
  }
  return found;
}

function isOpaque({ ops, roots }: Workbench, place: OpaqueDir["place"]): boolean {
  if (roots.stat(place)?.type !== "dir") return false;
  return ops.getXattr(roots.dirAt(place), OPAQUE)?.toString("latin1") === "y";
}
