import { SandboxError } from "../core/error.js";
import { abandon } from "./abandon.js";
import { applySteps } from "./apply-steps.js";
import { cleanUp } from "./clean-up.js";
import { naming, toFailure } from "./failure.js";
import { type Journal, openJournal, toLine } from "./open-journal.js";
import type { PathConflict } from "./plan-commit.js";
import { readResults } from "./read-results.js";
import { COMMIT_ROOT } from "./roots.js";
import { showPath } from "./show-path.js";
import { makeStages, syncCommitDir, syncEnd, syncStages } from "./stage-dirs.js";
import { type Staged, stageSteps, type Workbench } from "./stage-steps.js";
import { relockDirs, unlockDirs } from "./touched-dirs.js";
import type { Transaction } from "./transaction.js";

/** How far a transaction came: what an undo has to know. */
interface Progress {
  /** Absent until every slot is filled: before that no path of a workspace was touched. */
  staged?: ReadonlyMap<number, Staged>;
  /** The sound part of the journal, without a seal. */
  length: number;
  sealing: boolean;
}

/**
 * Carries a transaction out, all or nothing:
 *
 * 1. The journal is written and made durable: from here on a recovery knows everything.
 * 2. New states are staged, pre-images that cannot stay are copied, all is made durable. No path of a workspace is touched yet.
 * 3. Each step is one rename.
 * 4. All is made durable and the journal is sealed: from here on it is done.
 * 5. The layers and staging directories are cleaned up.
 *
 * If 2, 3 or 4 fail, everything is undone and the error passed on; if this process dies, `recoverCommit` undoes it.
 */
export function runTransaction(bench: Workbench, transaction: Transaction): void {
  const commitDir = bench.roots.root(COMMIT_ROOT).path;
  using journal = naming(commitDir, () => openJournal(bench.ops, bench.roots));
  naming(commitDir, () => writePlan(bench, journal, transaction));
  const progress: Progress = { length: journal.length, sealing: false };
  try {
    makeStages(bench, transaction);
    stage(bench, journal, { transaction, progress });
    apply(bench, transaction);
    seal(bench, journal, { transaction, progress });
  } catch (error) {
    refuseLeft(takeBack(bench, journal, { transaction, progress }), error);
    throw toFailure(transaction.header.workspaces.join(", "), error);
  }
  finish(bench, journal, transaction);
}

function writePlan(bench: Workbench, journal: Journal, transaction: Transaction): void {
  try {
    journal.append("begin", [transaction.header]);
    journal.append("dir", transaction.dirs);
    journal.append("opaque", transaction.opaques);
    journal.append("step", transaction.steps);
    journal.appendSealed({ t: "ready", steps: transaction.steps.length });
    journal.sync();
    journal.publish();
    syncCommitDir(bench);
  } catch (error) {
    journal.cutTo(0);
    throw error;
  }
}

interface Work {
  readonly transaction: Transaction;
  readonly progress: Progress;
}

function stage(bench: Workbench, journal: Journal, work: Work): void {
  const { transaction, progress } = work;
  const layers = transaction.dirs.filter((dir) => dir.place.root.startsWith("u"));
  unlockDirs(bench, layers);
  const staged = stageSteps(bench, transaction.steps);
  const states = [...staged].map(([n, { ino, mtimeNs }]) => [n, ino, mtimeNs]);
  journal.appendSealed({ t: "staged", states });
  syncStages(bench, transaction);
  journal.sync();
  progress.staged = staged;
  progress.length = journal.length;
}

function apply(bench: Workbench, transaction: Transaction): void {
  const dirs = transaction.dirs.filter((dir) => dir.place.root.startsWith("w"));
  unlockDirs(bench, dirs);
  applySteps(bench, transaction.steps);
  relockDirs(bench, dirs);
}

function seal(bench: Workbench, journal: Journal, work: Work): void {
  const { transaction, progress } = work;
  // As text at once: as values they would be the greatest thing in memory.
  const results: string[] = [];
  for (const record of readResults(bench, transaction, progress.staged ?? new Map()))
    results.push(toLine("results", record));
  syncStages(bench, transaction);
  journal.appendLines(results);
  progress.sealing = true;
  journal.appendSealed({ t: "sealed" });
  journal.sync();
}

/** Undoes, unless the seal may be on the disk already and cannot be taken off: then recovery decides. */
function takeBack(bench: Workbench, journal: Journal, work: Work): readonly PathConflict[] {
  const { transaction, progress } = work;
  const isSound = cutBack(journal, progress.length);
  if (!isSound && progress.sealing) return [];
  const { staged } = progress;
  return abandon(bench, isSound ? journal : undefined, {
    transaction,
    staged,
    accepted: new Set(),
  });
}

/** Someone changed a path between the step that wrote it and the undo: theirs stays, and is named with the earlier version. */
function refuseLeft(left: readonly PathConflict[], cause: unknown): void {
  const first = left[0];
  if (first === undefined) return;
  const more = left.length > 1 ? ` (and ${left.length - 1} more)` : "";
  throw new SandboxError("conflict", `${showPath(first.path)}: ${first.reason}${more}`, {
    hint: "it was left as it is; everything else was undone",
    cause,
  });
}

function cutBack(journal: Journal, length: number): boolean {
  try {
    journal.cutTo(length);
    return true;
  } catch {
    // The error that brought us here is the one to report.
    return false;
  }
}

/** The commit stands. What fails here leaves the journal unfinished, and recovery goes on with it. */
function finish(bench: Workbench, journal: Journal, transaction: Transaction): void {
  try {
    cleanUp(bench, transaction);
    syncEnd(bench, transaction);
    journal.append("done", [{}]);
  } catch {
    // Nothing of the workspace depends on it; `isHot` stays true until it is done.
  }
}
