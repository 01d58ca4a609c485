import { applyRollback } from "../commit/apply-rollback.js";
import { isHot } from "../commit/is-hot.js";
import type { PathConflict } from "../commit/plan-commit.js";
import { planRollback, type RollbackPlan } from "../commit/plan-rollback.js";
import { SandboxError } from "../core/error.js";
import type { CommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { lockWorkspaces } from "./lock-workspaces.js";
import { toRollbackEntries } from "./log-changes.js";
import { markRolledBack } from "./mark-rolled-back.js";
import { readLineage } from "./read-lineage.js";
import { recoverBefore } from "./recover-workspaces.js";
import { selectApplied } from "./select-applied.js";

/** What a rollback did or, dry, would do. */
export interface RollbackReport {
  /** Its own id: a rollback is a commit and can be rolled back. Absent where nothing was written. */
  readonly rollback: CommitId | undefined;
  /** The commit, as it stands after this. */
  readonly of: CommitRecord;
  readonly dryRun: boolean;
  readonly plan: RollbackPlan;
  readonly conflicts: readonly PathConflict[];
  /** Paths of the commit that earlier rollbacks have taken back. */
  readonly earlier: number;
}

/**
 * Undoes a commit, or what it did at and below `paths`, where the present still equals what it wrote. A conflict stops it with
 * nothing written. Throws `usage` for a commit that is not sealed or is rolled back already, and as `selectApplied`.
 */
export async function rollbackCommit(
  controller: Controller,
  asked: {
    readonly commit: CommitId;
    /** Of a person; none: all of the commit. */
    readonly paths: readonly string[];
    readonly dryRun: boolean;
  },
): Promise<RollbackReport> {
  const { store, host } = controller;
  await recoverBefore(controller, (await store.readCommit(asked.commit)).workspaces);
  const of = refuseUnsealed(await store.readCommit(asked.commit));
  await using _locks = await lockWorkspaces(controller, of.workspaces);
  const native = await host.native();
  const paths = selectApplied(controller, of, asked.paths);
  const { done, later, keepers } = await readLineage(store, of);
  const plan = planRollback({
    commitDir: store.commitDir(of.commit),
    native,
    scope: { done, ...(paths === undefined ? {} : { paths }) },
    ...{ later, keepers },
  });
  const report = { of, plan, conflicts: plan.conflicts, dryRun: asked.dryRun, earlier: done.size };
  if (asked.dryRun || plan.conflicts.length > 0 || plan.restore.length === 0)
    return { ...report, rollback: undefined };
  const own = store.createCommit({
    ...{ session: of.session, undoes: of.commit, workspaces: of.workspaces, digest: of.digest },
    createdAt: new Date().toISOString(),
    ...(paths === undefined ? {} : { paths }),
  });
  store.markHot(own.commit);
  const subject = { session: of.session, commit: own.commit };
  store.appendAudit(
    [
      ...toRollbackEntries({ event: "rollback.changes", ...subject }, plan),
      { event: "rollback.started", ...subject, data: { undoes: of.commit } },
    ],
    { sign: false },
  );
  const commitDir = store.commitDir(own.commit);
  applyRollback(plan, { native, commitId: own.commit, commitDir });
  store.updateCommit({ ...own, state: "sealed", applied: plan.restore.length });
  const after = await markRolledBack(controller, of.commit);
  // What is not on record as done stays marked: a recovery finds it done and puts it there.
  store.appendAudit({ event: "rollback.sealed", ...subject });
  if (!isHot(commitDir)) store.clearHot(own.commit);
  return { ...report, of: after, rollback: own.commit };
}

function refuseUnsealed(record: CommitRecord): CommitRecord {
  if (record.state === "sealed" || record.state === "partly-rolled-back") return record;
  const why = record.state === "rolled-back" ? "was rolled back already" : `is ${record.state}`;
  throw new SandboxError("usage", `commit ${record.commit} ${why}`, {
    hint: "`sandbox show SESSION` lists a session's commits",
  });
}
