import { hasErrno } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { parentPath, ROOT_PATH } from "../core/path.js";
import { copyFileAt } from "../host/confined-file.js";
import { inWorkspace, KEPT_ROOT, stageRoot, upperRoot } from "./roots.js";
import { stagePlace } from "./stage-dirs.js";
import type { Workbench } from "./stage-steps.js";
import type { OpaqueDir, Place, Step } from "./step.js";
import { restoreDirs, unlockDirs } from "./touched-dirs.js";
import type { Transaction } from "./transaction.js";
import { removeAt } from "./unstage-steps.js";

/**
 * After the seal: takes out of the layers what is committed, so that they hold just what is still pending, and removes the
 * staging directories. Can be cut short and called again. Layers that are gone are no error.
 */
export function cleanUp(bench: Workbench, transaction: Transaction): void {
  const uppers = transaction.dirs.filter((dir) => dir.place.root.startsWith("u"));
  ignoreMissing(() => unlockDirs(bench, uppers));
  for (const opaque of transaction.opaques) ignoreMissing(() => clearOpaque(bench, opaque));
  for (const step of childrenFirst(transaction.steps))
    ignoreMissing(() => clearUpper(bench, transaction, step));
  ignoreMissing(() => restoreDirs(bench, uppers));
  removeStages(bench, transaction);
}

/** Backwards, what lies in a directory before the directory: one that only got other metadata is after all else in the plan. */
function* childrenFirst(steps: readonly Step[]): Generator<Step> {
  const backwards = steps.toReversed();
  for (const step of backwards) if (step.act !== "set") yield step;
  for (const step of backwards) if (step.act === "set") yield step;
}

function clearOpaque({ ops, roots }: Workbench, opaque: OpaqueDir): void {
  for (const path of opaque.whiteouts) {
    const place = { root: opaque.place.root, path };
    // Below a directory that the upperdir does not have, its own whiteout speaks for all.
    if (parentIsDir(roots.stat(parentOf(place))) && roots.stat(place) === undefined)
      ops.makeWhiteout(roots.at(place));
  }
  const at = roots.dirAt(opaque.place);
  if (ops.getXattr(at, OPAQUE) !== undefined) ops.removeXattr(at, OPAQUE);
}

/** The mark of an opaque directory in an overlay mounted with `userxattr`. */
export const OPAQUE = "user.overlay.opaque";

function parentIsDir(stat: { readonly type: string } | undefined): boolean {
  return stat?.type === "dir";
}

function parentOf(place: Place): Place {
  return { root: place.root, path: parentPath(place.path) ?? place.path };
}

/** Takes one committed path out of the upperdir; what is not what was committed stays. */
function clearUpper({ ops, roots }: Workbench, transaction: Transaction, step: Step): void {
  const root = upperRoot(step.workspace);
  if (transaction.header.roots[root] === undefined || step.path === "") return;
  // What was moved out is not there any more.
  if (step.source?.kind === "move") return;
  const place = { root, path: step.path };
  const stat = roots.stat(place);
  if (stat === undefined) return;
  if (step.act === "take") {
    if (stat.whiteout) removeAt(ops, roots.at(place), false);
    return;
  }
  if (step.after?.type === "dir") {
    roots.forgetBelow(place);
    if (stat.type === "dir") removeAt(ops, roots.at(place), true);
    return;
  }
  const { source } = step;
  const isCommitted = source?.ino === stat.ino;
  if (isCommitted) removeAt(ops, roots.at(place), false);
}

/** Staging directories go; what was before is kept in `before/`, whatever a late writer did to it included. */
function removeStages(bench: Workbench, transaction: Transaction): void {
  transaction.header.workspaces.forEach((_, index) => {
    if (stagePlace(transaction.header, index) === undefined) return;
    const name = stageRoot(index);
    ignoreMissing(() => {
      for (const step of transaction.steps) if (step.slot.root === name) dropOld(bench, step);
    });
    removeStage(bench, transaction, index);
  });
}

/** The old state of a path in a slot that cannot stay: removed once its content is known to be kept. */
export function dropOld(bench: Workbench, step: Step): void {
  const { ops, roots } = bench;
  const stat = roots.stat(step.slot);
  if (stat === undefined || step.before === undefined || stat.ino !== step.before.ino) return;
  const written = stat.size !== step.before.size || stat.mtimeNs !== step.before.mtimeNs;
  if (stat.type === "file" && written) keepLateEdit(bench, step);
  removeAt(ops, roots.at(step.slot), stat.type === "dir");
}

/** Somebody held the file open and wrote to it after it was copied. */
function keepLateEdit({ ops, roots }: Workbench, step: Step): void {
  const stat = roots.stat(step.slot);
  const late = { root: KEPT_ROOT, path: `${step.n}.late` as RelPath };
  if (stat === undefined || roots.stat(late) !== undefined) return;
  copyFileAt(ops, { at: roots.at(step.slot), stat }, roots.at(late));
}

/** Removes the staging directory of a workspace if it is empty, and leaves no trace in the time of the one it was in. */
export function removeStage(bench: Workbench, transaction: Transaction, index: number): void {
  const { ops, roots } = bench;
  const place = stagePlace(transaction.header, index);
  if (place === undefined) return;
  roots.forget();
  const parent = inWorkspace(index, ROOT_PATH);
  const before = place.inside ? roots.stat(parent) : undefined;
  const own = transaction.dirs.find(
    (dir) => dir.place.root === parent.root && dir.place.path === ROOT_PATH,
  );
  // Looked for first: a filesystem that is read-only now refuses to remove even what is not there.
  if (roots.stat(place) !== undefined) removeAt(ops, roots.at(place), true);
  // It went in a clean-up that was cut short: the time may not have been set, and only a known one can be.
  else if (own?.finalMtimeNs === undefined || before?.ino !== own.ino) return;
  const wanted = own?.finalMtimeNs ?? before?.mtimeNs;
  if (before === undefined || wanted === undefined) return;
  if (roots.stat(parent)?.mtimeNs !== wanted) ops.setMtime(roots.dirAt(parent), wanted);
}

function ignoreMissing(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
  }
}
