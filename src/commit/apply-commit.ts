import type { Change, Changeset, Layers } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import type { Native } from "../host/native.js";
import { chooseRoots } from "./choose-roots.js";
import type { Composed } from "./composed.js";
import { draftCommit } from "./draft-commit.js";
import { toFailure } from "./failure.js";
import { findOpaques } from "./find-opaques.js";
import type { CommitPlan, PathConflict, ReadyChange } from "./plan-commit.js";
import { planTransaction } from "./plan-transaction.js";
import type { NewFiles } from "./resolve-owner.js";
import { openRoots } from "./roots.js";
import { runTransaction } from "./run-transaction.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { Transaction, TransactionHeader } from "./transaction.js";

/** What a commit needs besides its plan. */
export interface CommitOptions {
  readonly changeset: Changeset;
  readonly layers: readonly Layers[];
  readonly native: Native;
  readonly commitId: CommitId;
  /** `$SANDBOX_HOME/commits/<id>`: it exists and is empty. */
  readonly commitDir: string;
  readonly sessionId: SessionId;
  /** Of what stays pending in the session. */
  readonly pendingDigest: Digest;
  /** Changes of the plan whose content is not that of the layers. */
  readonly composed?: ReadonlyMap<Change, Composed>;
  /** Who owns what the task made. */
  readonly owner: { readonly newFiles: NewFiles };
  /** The system calls, where a test wants others. */
  readonly ops?: FileOps;
}

/** What a commit did. */
export interface CommitResult {
  readonly applied: readonly Change[];
  /** Of what was applied. */
  readonly digest: Digest;
  readonly pendingDigest: Digest;
}

/**
 * Carries a plan out, all or nothing, journaled in `commitDir`. The caller holds the locks of the workspaces, and no process
 * of the task is alive. What each step finds is compared with what the plan saw. Throws `conflict` where the
 * workspace changed since, `changed-since-review` where the layers did, `unexpected` naming path and reason where
 * the system refuses: then workspaces and layers are as before. The ctimes in the layers are not: seal them anew.
 */
export function applyCommit(plan: CommitPlan, o: CommitOptions): CommitResult {
  const ops = o.ops ?? openFileOps(o.native);
  refuseConflicts(plan.conflicts);
  try {
    return commit(plan.ready, { ...o, ops, plan });
  } catch (error) {
    throw toFailure(o.changeset.workspaces.join(", "), error);
  }
}

function commit(
  ready: readonly ReadyChange[],
  o: CommitOptions & { readonly ops: FileOps; readonly plan: CommitPlan },
): CommitResult {
  const { ops, commitId, commitDir, layers, pendingDigest } = o;
  const { workspaces } = o.changeset;
  const uppers = layers.map(({ upper, staging }) => ({
    path: upper,
    rename: staging === "rename",
  }));
  const paths = chooseRoots({ ops, commitId, commitDir, workspaces, uppers });
  using roots = openRoots(paths, ops);
  const bench = { ops, roots };
  const applied = ready.map(({ change }) => change);
  const digest = toChangesetDigest(applied);
  const header: TransactionHeader = {
    ...{ schema: "journal/1", commit: commitId, session: o.sessionId },
    ...{ workspaces, roots: paths, digest, pendingDigest },
  };
  runTransaction(bench, plan(bench, { ...o, header, ready, applied }));
  return { applied, digest, pendingDigest };
}

/** What it makes on the way to the steps is garbage when it returns: of a hundred thousand changes that is much. */
function plan(
  bench: Workbench,
  o: CommitOptions & {
    readonly plan: CommitPlan;
    readonly header: TransactionHeader;
    readonly ready: readonly ReadyChange[];
    readonly applied: readonly Change[];
  },
): Transaction {
  const { header, applied, layers, owner } = o;
  const taken = toTaken(o.plan);
  const pending = o.changeset.changes.filter((change) => !taken.has(change));
  const composed = o.composed ?? new Map<Change, Composed>();
  const context = { ...bench, layers, newFiles: owner.newFiles, composed };
  const drafts = draftCommit(context, o.ready);
  const opaques = findOpaques(bench, { applied, pending });
  return planTransaction(bench, {
    ...{ header, drafts, opaques, uppers: true, finalMtime: () => undefined },
  });
}

function toTaken(plan: CommitPlan): ReadonlySet<Change> {
  return new Set([...plan.changes, ...plan.alreadyThere]);
}

/** Throws `conflict`, naming the first of them. */
function refuseConflicts(conflicts: readonly PathConflict[]): void {
  const first = conflicts[0];
  if (first === undefined) return;
  const more = conflicts.length > 1 ? ` (and ${conflicts.length - 1} more)` : "";
  throw new SandboxError("conflict", `${showPath(first.path)}: ${first.reason}${more}`, {
    hint: "nothing was written; leave conflicting paths out by naming the PATHs to commit",
  });
}
