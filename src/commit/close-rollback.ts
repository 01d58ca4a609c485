import { isWithin, parentPath, type RelPath } from "../core/path.js";
import { toKey } from "./close-selection.js";
import type { Step } from "./step.js";

/** A place in a workspace of a commit. */
export interface WorkspacePath {
  readonly workspace: number;
  readonly path: RelPath;
}

/** What of a commit a rollback is about. */
export interface RollbackScope {
  /** Everything at or below these; absent: all that the commit wrote. */
  readonly paths?: readonly WorkspacePath[];
  /** Keys (`toKey`) of what other rollbacks have taken back already. */
  readonly done: ReadonlySet<string>;
}

/**
 * The steps of a commit that a rollback takes back, in their order: those in its scope, and the directories the commit
 * removed that these have to come back in. What is done already is not among them.
 */
export function closeRollback(steps: readonly Step[], scope: RollbackScope): readonly Step[] {
  const isOpen = (step: Step): boolean => !scope.done.has(toKey(step.workspace, step.path));
  if (scope.paths === undefined) return steps.filter(isOpen);
  const removed = new Map<string, Step>();
  for (const step of steps)
    if (step.before?.type === "dir" && step.after?.type !== "dir")
      removed.set(toKey(step.workspace, step.path), step);
  const chosen = new Set<Step>();
  for (const step of steps) {
    if (!isOpen(step) || !isCovered(step, scope.paths)) continue;
    chosen.add(step);
    if (step.before !== undefined) addParents(step, { removed, chosen, isOpen });
  }
  return steps.filter((step) => chosen.has(step));
}

/** True where `place` is one of `paths` or lies below one; `paths` absent: everything is. */
export function isCovered(
  place: WorkspacePath,
  paths: readonly WorkspacePath[] | undefined,
): boolean {
  if (paths === undefined) return true;
  return paths.some((one) => one.workspace === place.workspace && isWithin(place.path, one.path));
}

function addParents(
  step: Step,
  known: {
    readonly removed: ReadonlyMap<string, Step>;
    readonly chosen: Set<Step>;
    readonly isOpen: (step: Step) => boolean;
  },
): void {
  for (let at = parentPath(step.path); at !== undefined; at = parentPath(at)) {
    const parent = known.removed.get(toKey(step.workspace, at));
    if (parent !== undefined && known.isOpen(parent)) known.chosen.add(parent);
  }
}
