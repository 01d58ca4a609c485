import { applyCommit } from "../commit/apply-commit.js";
import { type CommitPlan, type PathConflict, planCommit } from "../commit/plan-commit.js";
import type { Change } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { Controller, Native } from "./controller.js";
import { loadReview } from "./load-review.js";
import { lockSession, lockWorkspaces } from "./lock-workspaces.js";
import type { CommitProposal } from "./propose-commit.js";
import type { SessionReview } from "./session-review.js";
import { settleSession } from "./settle-session.js";

/** What a commit did, or why it did nothing. */
export interface CommitReport {
  /** Absent where nothing was written. */
  readonly commit: CommitId | undefined;
  readonly session: SessionId;
  readonly digest: Digest;
  readonly workspaces: readonly string[];
  readonly applied: readonly Change[];
  /** Left out: not selected, denied, or the host had made the same change. */
  readonly skipped: readonly Change[];
  readonly conflicts: readonly PathConflict[];
}

/**
 * Commits what was proposed, once it has been approved. Under the locks everything is looked at again: the
 * layers must still have the digest that was shown (else `changed-since-review`), and conflicts that arose
 * meanwhile come back as a value with nothing written.
 */
export async function carryOutCommit(
  controller: Controller,
  proposal: CommitProposal,
): Promise<CommitReport> {
  const { record } = proposal.review;
  const native = await controller.host.native();
  await using _session = await lockSession(controller, record.session);
  await using _workspaces = await lockWorkspaces(controller, record.workspaces);
  const review = await loadReview(controller, record.session);
  if (review.changeset.digest !== proposal.review.changeset.digest)
    throw new SandboxError(
      "changed-since-review",
      `session ${record.session} has other pending changes than the ones that were shown`,
      { hint: "look at `sandbox diff` again" },
    );
  const plan = planCommit({
    changeset: review.changeset,
    layers: record.layers,
    selection: proposal.selected,
    native,
  });
  if (plan.conflicts.length > 0) return toReport(review, plan, undefined);
  if (plan.changes.length === 0) {
    await settleSession(controller, record.session, { taken: plan.alreadyThere });
    return toReport(review, plan, undefined);
  }
  return toReport(review, plan, await apply(controller, { review, plan, native }));
}

async function apply(
  controller: Controller,
  work: { readonly review: SessionReview; readonly plan: CommitPlan; readonly native: Native },
): Promise<CommitId> {
  const { store } = controller;
  const { record, changeset } = work.review;
  const taken = new Set<Change>([...work.plan.changes, ...work.plan.alreadyThere]);
  const pending = changeset.changes.filter((change) => !taken.has(change));
  const commit = store.createCommit({
    session: record.session,
    workspaces: record.workspaces,
    digest: toChangesetDigest(work.plan.changes),
    createdAt: new Date().toISOString(),
  }).commit;
  store.markHot(commit);
  store.appendAudit({ event: "commit.started", session: record.session, commit });
  applyCommit(work.plan, {
    changeset,
    layers: record.layers,
    native: work.native,
    commitId: commit,
    commitDir: store.commitDir(commit),
    sessionId: record.session,
    pendingDigest: toChangesetDigest(pending),
    owner: { newFiles: controller.self.uid === 0 ? "parent" : controller.self },
  });
  await settleSession(controller, record.session, { taken: [...taken], commit });
  store.updateCommit({
    ...(await store.readCommit(commit)),
    state: "sealed",
    applied: work.plan.changes.length,
  });
  store.clearHot(commit);
  store.appendAudit({ event: "commit.sealed", session: record.session, commit });
  return commit;
}

function toReport(
  review: SessionReview,
  plan: CommitPlan,
  commit: CommitId | undefined,
): CommitReport {
  const applied = commit === undefined ? [] : plan.changes;
  const done = new Set(applied);
  return {
    commit,
    session: review.record.session,
    digest: review.changeset.digest,
    workspaces: review.changeset.workspaces,
    applied,
    skipped: review.changeset.changes.filter((change) => !done.has(change)),
    conflicts: plan.conflicts,
  };
}
