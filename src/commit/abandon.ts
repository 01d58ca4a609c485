import type { RelPath } from "../core/path.js";
import { dropOld, removeStage } from "./clean-up.js";
import type { Journal } from "./open-journal.js";
import type { PathConflict } from "./plan-commit.js";
import { KEPT_ROOT } from "./roots.js";
import { syncEnd } from "./stage-dirs.js";
import type { Staged, Workbench } from "./stage-steps.js";
import type { Step } from "./step.js";
import { restoreDirs, unlockDirs } from "./touched-dirs.js";
import type { Transaction } from "./transaction.js";
import { undoSteps } from "./undo-steps.js";
import { removeAt, unstageSteps } from "./unstage-steps.js";

/** What is abandoned, and how far it had come. */
export interface Abandoned {
  readonly transaction: Transaction;
  /** Absent: no path of a workspace was touched. */
  readonly staged: ReadonlyMap<number, Staged> | undefined;
  /** Steps an earlier recovery left to a person, who has been told: what still cannot be undone stays as it is. */
  readonly accepted: ReadonlySet<number>;
}

/**
 * Brings back the tree and the layers as they were before a transaction that was not sealed, and writes that to the journal.
 * Paths that someone changed since are left; returned with where the earlier version is. Throws the first error
 * that kept a path from being undone: then it can be called again.
 */
export function abandon(
  bench: Workbench,
  journal: Journal | undefined,
  work: Abandoned,
): readonly PathConflict[] {
  const { transaction, staged, accepted } = work;
  bench.roots.forget();
  const dirs = transaction.dirs.filter((dir) => dir.place.root.startsWith("w"));
  unlockDirs(bench, dirs);
  const undone =
    staged === undefined
      ? { left: [], error: undefined }
      : undoSteps({ ...bench, staged }, transaction.steps);
  if (undone.error !== undefined) {
    restoreDirs(bench, dirs);
    throw undone.error;
  }
  const left = new Set(undone.left.map(({ step }) => step));
  bringBackLayers(bench, transaction, left);
  for (const step of transaction.steps) tidy(bench, step, left.has(step.n));
  transaction.header.workspaces.forEach((_, index) => {
    removeStage(bench, transaction, index);
  });
  restoreDirs(bench, dirs);
  syncEnd(bench, transaction);
  const untold = undone.left.filter(({ step }) => !accepted.has(step));
  if (untold.length > 0) journal?.append("left", [{ steps: untold.map(({ step }) => step) }]);
  else journal?.append("undone", [{}]);
  return untold.map(({ workspace, path, reason }) => ({ workspace, path, reason }));
}

function bringBackLayers(
  bench: Workbench,
  transaction: Transaction,
  left: ReadonlySet<number>,
): void {
  const dirs = transaction.dirs.filter((dir) => dir.place.root.startsWith("u"));
  bench.roots.forget();
  unlockDirs(bench, dirs);
  unstageSteps(
    bench,
    transaction.steps.filter((step) => !left.has(step.n)),
  );
  restoreDirs(bench, dirs);
}

/** Copies that are not needed go; of a path that was left they stay, and its slot if nothing else holds what is in it. */
function tidy(bench: Workbench, step: Step, isLeft: boolean): void {
  const { ops, roots } = bench;
  if (!isLeft && step.copy !== undefined && roots.stat(step.copy) !== undefined)
    removeAt(ops, roots.at(step.copy), false);
  if (isLeft && step.copy !== undefined && step.slot.root !== KEPT_ROOT) dropFromStage(bench, step);
}

function dropFromStage(bench: Workbench, step: Step): void {
  const isKept = bench.roots.stat({ root: KEPT_ROOT, path: `${step.n}.copy` as RelPath });
  if (isKept !== undefined) dropOld(bench, step);
}
