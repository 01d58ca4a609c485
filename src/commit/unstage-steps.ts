import { hasErrno } from "../core/error.js";
import type { At, FileOps } from "../host/confined-ops.js";
import { RENAME_NOREPLACE } from "../host/native.js";
import { isSamePlace, type Workbench } from "./stage-steps.js";
import type { Source, Step } from "./step.js";

/**
 * Empties the slots after an undo: what came from the layers goes back there, what was made for the commit is removed. What
 * was in the workspace before is never in question here: it is skipped by its inode. Can be called any number of times.
 */
export function unstageSteps(bench: Workbench, steps: readonly Step[]): void {
  for (const step of steps.toReversed()) {
    if (step.source?.kind === "move") moveBack(bench, step, step.source);
    else if (step.source !== undefined) clearSlot(bench, step);
  }
}

function moveBack(bench: Workbench, step: Step, source: Extract<Source, { kind: "move" }>): void {
  const { ops, roots } = bench;
  const stat = roots.stat(step.slot);
  const there = stat?.ino === source.was.ino ? roots.at(step.slot) : findBack(bench, source);
  if (there === undefined) return;
  restoreOriginal(ops, there, source);
  if (isSamePlace(step.slot, source.from) || stat?.ino !== source.was.ino) return;
  ops.rename(there, roots.at(source.from), RENAME_NOREPLACE);
}

/** It may have gone back already, in a recovery that was cut short. */
function findBack({ roots }: Workbench, source: Extract<Source, { kind: "move" }>): At | undefined {
  return roots.stat(source.from)?.ino === source.was.ino ? roots.at(source.from) : undefined;
}

/** Owner, mode and overlay's marks as the layers had them: their digest must not change by a failed commit. */
function restoreOriginal(ops: FileOps, at: At, source: Extract<Source, { kind: "move" }>): void {
  const stat = ops.stat(at);
  if (stat === undefined) return;
  const chowned = stat.uid !== source.was.uid || stat.gid !== source.was.gid;
  if (chowned) ops.setOwner(at, source.was);
  if (stat.type !== "symlink" && (chowned || stat.mode !== source.was.mode))
    ops.setMode(at, source.was.mode);
  for (const [name, value] of Object.entries({ ...source.carries, ...source.strip }))
    ops.setXattr(at, name, Buffer.from(value, "base64"));
}

function clearSlot({ ops, roots }: Workbench, step: Step): void {
  const stat = roots.stat(step.slot);
  if (stat === undefined || stat.ino === step.before?.ino) return;
  removeAt(ops, roots.at(step.slot), stat.type === "dir");
}

/** Removes a file, or a directory if it is empty. */
export function removeAt(ops: FileOps, at: At, isDir: boolean): void {
  try {
    if (isDir) ops.removeDirectory(at);
    else ops.unlink(at);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTEMPTY", "EEXIST")) throw error;
  }
}
