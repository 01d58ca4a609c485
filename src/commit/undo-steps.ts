import { hasErrno } from "../core/error.js";
import type { FileStat } from "../host/confined-stat.js";
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from "../host/native.js";
import type { PathConflict } from "./plan-commit.js";
import { inWorkspace, workspaceRoot } from "./roots.js";
import { setMetadata } from "./set-metadata.js";
import { showPath } from "./show-path.js";
import type { Staged, Workbench } from "./stage-steps.js";
import type { PathState, Step } from "./step.js";

/** What is undone. */
export interface Undoing extends Workbench {
  /** New states, by step, as the journal knows them; those that were moved are known from their source. */
  readonly staged: ReadonlyMap<number, Staged>;
}

/** What an undo could not bring back, and the first error that may pass. */
export interface Undone {
  /** Changed by someone since: left as it is, the earlier version kept. */
  readonly left: readonly (PathConflict & { readonly step: number })[];
  /** A call that failed: the undo can be tried again. */
  readonly error: unknown;
}

/**
 * Takes steps back, the last first, wherever the path still is as the step left it. Each step is judged by where its
 * inodes are now, so that it may be called at any time, any number of times.
 */
export function undoSteps(work: Undoing, steps: readonly Step[]): Undone {
  const left: (PathConflict & { step: number })[] = [];
  let error: unknown;
  const attempt = (step: Step, act: () => string | undefined): void => {
    try {
      const reason = act();
      if (reason === undefined) return;
      left.push({ step: step.n, workspace: step.workspace, path: step.path, reason });
    } catch (caught) {
      error ??= caught;
    }
  };
  for (const step of steps) attempt(step, () => reopenDir(work, step));
  for (const step of steps.toReversed()) attempt(step, () => undoStep(work, step));
  return { left, error };
}

/** A directory of ours that got its mode already may be closed to ourselves. */
function reopenDir(work: Undoing, step: Step): undefined {
  const { ops, roots } = work;
  const { after } = step;
  if (step.act === "set" || after?.type !== "dir" || (after.mode & 0o700) === 0o700) return;
  const place = inWorkspace(step.workspace, step.path);
  if (roots.stat(place)?.ino !== newIno(work, step)) return;
  roots.forget();
  ops.setMode(roots.at(place), after.mode | 0o700);
}

/** The reason where the path had to be left. */
function undoStep(work: Undoing, step: Step): string | undefined {
  const isDir = step.before?.type === "dir" || step.after?.type === "dir";
  if (isDir) work.roots.forget();
  try {
    switch (step.act) {
      case "put":
        return undoPut(work, step);
      case "swap":
        return undoSwap(work, step);
      case "take":
        return undoTake(work, step);
      case "set":
        return undoSet(work, step);
    }
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EXDEV", "EEXIST"))
      return "its directory was moved, replaced or removed meanwhile";
    throw error;
  } finally {
    if (isDir) work.roots.forget();
  }
}

function undoPut(work: Undoing, step: Step): string | undefined {
  const { ops, roots } = work;
  const place = inWorkspace(step.workspace, step.path);
  const there = roots.stat(place);
  if (there === undefined || there.ino !== newIno(work, step)) return undefined;
  const changed = describeEdit(work, step, there);
  if (changed !== undefined) return changed;
  ops.rename(roots.at(place), roots.at(step.slot), RENAME_NOREPLACE);
  return undefined;
}

function undoSwap(work: Undoing, step: Step): string | undefined {
  const { ops, roots } = work;
  if (!holdsOld(work, step)) return undefined;
  const place = inWorkspace(step.workspace, step.path);
  const there = roots.stat(place);
  if (there === undefined) return `was removed meanwhile; ${keptNote(work, step)}`;
  const changed =
    there.ino === newIno(work, step) ? describeEdit(work, step, there) : "was replaced meanwhile";
  if (changed !== undefined) return `${changed}; ${keptNote(work, step)}`;
  ops.rename(roots.at(step.slot), roots.at(place), RENAME_EXCHANGE);
  return undefined;
}

function undoTake(work: Undoing, step: Step): string | undefined {
  const { ops, roots } = work;
  if (!holdsOld(work, step)) return undefined;
  const place = inWorkspace(step.workspace, step.path);
  if (roots.stat(place) !== undefined) return `was made anew meanwhile; ${keptNote(work, step)}`;
  ops.rename(roots.at(step.slot), roots.at(place), RENAME_NOREPLACE);
  return undefined;
}

function undoSet({ ops, roots }: Undoing, step: Step): string | undefined {
  const { before, after } = step;
  if (before === undefined || after === undefined) return undefined;
  const at = roots.dirAt(inWorkspace(step.workspace, step.path));
  const from = ops.stat(at);
  if (from === undefined || from.ino !== before.ino) return "was replaced meanwhile";
  if (!isBetween(from, before, after)) return "its owner or mode was changed meanwhile";
  setMetadata(ops, at, { from, wanted: before });
  return undefined;
}

/** Cut short anywhere, each of owner and mode is the old or the new one. */
function isBetween(stat: FileStat, before: PathState, after: PathState): boolean {
  const modes = [before.mode, after.mode, before.mode | 0o700];
  return (
    modes.includes(stat.mode) &&
    (stat.uid === before.uid || stat.uid === after.uid) &&
    (stat.gid === before.gid || stat.gid === after.gid)
  );
}

/** True where the slot holds what was at the path before. */
function holdsOld({ roots }: Undoing, step: Step): boolean {
  return roots.stat(step.slot)?.ino === step.before?.ino;
}

/** The inode of the new state: known from the plan where it was moved, else noted when it was staged. */
export function newIno(work: Pick<Undoing, "staged">, step: Step): string | undefined {
  return step.source?.kind === "move" ? step.source.was.ino : work.staged.get(step.n)?.ino;
}

/** Our new state must be as we left it: what someone has added to it is theirs. */
function describeEdit(work: Undoing, step: Step, there: FileStat): string | undefined {
  const { after } = step;
  if (after === undefined || there.type !== after.type) return "was replaced meanwhile";
  if (there.type === "dir") {
    const names = work.roots.root(workspaceRoot(step.workspace)).list(step.path);
    return names.length === 0
      ? undefined
      : `holds ${showPath(names.toSorted()[0] ?? "")}, added meanwhile`;
  }
  const same =
    there.size === after.size &&
    there.mtimeNs === (work.staged.get(step.n)?.mtimeNs ?? after.mtimeNs) &&
    there.uid === after.uid &&
    there.gid === after.gid &&
    (there.mode === after.mode || there.type === "symlink");
  return same ? undefined : "was edited meanwhile";
}

function keptNote({ roots }: Undoing, step: Step): string {
  const kept = step.copy ?? step.slot;
  return `the earlier version is kept as ${roots.root(kept.root).path}/${kept.path}`;
}
