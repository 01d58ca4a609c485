import { SandboxError } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import type { Native } from "../host/native.js";
import { closeRollback, type RollbackScope, type WorkspacePath } from "./close-rollback.js";
import { toKey } from "./close-selection.js";
import type { Draft } from "./draft.js";
import { draftRollback } from "./draft-rollback.js";
import { naming } from "./failure.js";
import { readKeepers } from "./keepers.js";
import type { PathConflict } from "./plan-commit.js";
import { readJournal } from "./read-journal.js";
import { readLaterTimes, toDirTimes } from "./rollback-times.js";
import { keeperRoot, keptPath, openRoots, PREVIOUS_ROOT, workspaceRoot } from "./roots.js";
import type { Transaction } from "./transaction.js";

/** What a rollback does to one path: the commit added it, replaced it, or deleted it. */
export interface RestoreAction {
  readonly workspace: number;
  readonly path: RelPath;
  readonly action: "remove" | "restore" | "recreate";
}

/** What a rollback would do. */
export interface RollbackPlan {
  readonly workspaces: readonly string[];
  readonly restore: readonly RestoreAction[];
  /** Changed since the commit: not touched. */
  readonly conflicts: readonly PathConflict[];
  /** What was there before is not kept as it was: not touched. */
  readonly unrestorable: readonly PathConflict[];
  /** As they were before the commit already. */
  readonly passed: readonly WorkspacePath[];
  /** How many of the commit's paths are none of these, because the rollback is not about them. */
  readonly outside: number;
  /** For `applyRollback`. */
  readonly drafts: readonly Draft[];
  readonly of: Pick<Transaction, "header">;
  /** Directories, by place, that nobody touched since, and the time they had before. */
  readonly dirTimes: ReadonlyMap<string, string>;
  /** Roots of the transaction besides its own. */
  readonly kept: Readonly<Record<string, string>>;
}

/** What `planRollback` looks at. */
export interface RollbackOptions {
  readonly commitDir: string;
  readonly native: Native;
  readonly scope?: RollbackScope;
  /** Directories of rollbacks of this commit, of rollbacks of those, and so on, newest first. */
  readonly later?: readonly string[];
  /** Of these: the ones that undid a rollback of the commit, and may keep its pre-images. */
  readonly keepers?: readonly string[];
  /** The system calls, where a test wants others. */
  readonly ops?: FileOps;
}

/**
 * Compares the present with what a sealed commit left, and what it kept with the digests in its journal. Reads only. Throws
 * `usage` for a commit that is not sealed.
 */
export function planRollback(o: RollbackOptions): RollbackPlan {
  return naming(o.commitDir, () => compare(o));
}

function compare(o: RollbackOptions): RollbackPlan {
  const content = readJournal(o.commitDir, { withoutSources: true });
  const { transaction } = content;
  if (transaction === undefined || !content.sealed)
    throw new SandboxError("usage", `the commit in ${o.commitDir} is not sealed`, {
      hint: "run `sandbox recover` first",
    });
  const ops = o.ops ?? openFileOps(o.native);
  const { header } = transaction;
  const kept = toKeptRoots(o);
  const paths: Record<string, string> = { ...kept };
  header.workspaces.forEach((workspace, index) => {
    paths[workspaceRoot(index)] = workspace;
  });
  const steps = closeRollback(transaction.steps, o.scope ?? { done: new Set() });
  const keepers = readKeepers(o.keepers ?? []);
  using roots = openRoots(paths, ops);
  const drafted = draftRollback({
    ops,
    roots,
    transaction,
    results: content.results,
    steps,
    keepers,
  });
  const done = o.scope?.done ?? new Set();
  return {
    workspaces: header.workspaces,
    restore: drafted.drafts.map(toAction),
    conflicts: drafted.conflicts,
    unrestorable: drafted.unrestorable,
    passed: drafted.passed,
    outside: transaction.steps.filter((step) => !done.has(keyOf(step))).length - steps.length,
    drafts: drafted.drafts,
    of: { header },
    dirTimes: toDirTimes(roots, {
      transaction,
      results: content.results,
      later: readLaterTimes(o.later ?? []),
      back: o.scope?.paths === undefined ? "all" : new Set([...done, ...steps.map(keyOf)]),
    }),
    kept,
  };
}

function keyOf({ workspace, path }: WorkspacePath): string {
  return toKey(workspace, path);
}

function toKeptRoots(o: RollbackOptions): Readonly<Record<string, string>> {
  const kept: Record<string, string> = { [PREVIOUS_ROOT]: keptPath(o.commitDir) };
  (o.keepers ?? []).forEach((directory, index) => {
    kept[keeperRoot(index)] = keptPath(directory);
  });
  return kept;
}

function toAction(draft: Draft): RestoreAction {
  const { workspace, path } = draft;
  if (draft.after === undefined) return { workspace, path, action: "remove" };
  return { workspace, path, action: draft.present === undefined ? "recreate" : "restore" };
}
