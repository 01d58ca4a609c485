import { applyCommit } from "../commit/apply-commit.js";
import { isHot } from "../commit/is-hot.js";
import { type CommitPlan, type PathConflict, planCommit } from "../commit/plan-commit.js";
import type { Change } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { Controller } from "./controller.js";
import { loadReview } from "./load-review.js";
import { lockCommit } from "./lock-workspaces.js";
import type { CommitProposal } from "./propose-commit.js";
import { recoverLocked } from "./recover-workspaces.js";
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

/** Says how long ago what is to be committed was looked at. */
export interface CarryOutOptions {
  /** `locked`: the locks are held since the proposal. `asked`: a person was asked meanwhile, and held nothing up. */
  readonly since: "locked" | "asked";
}

/**
 * Commits what was proposed, once it has been approved. If a person was asked, everything is looked at again under
 * the locks: the layers must still have the digest that was shown (else `changed-since-review`), and
 * conflicts that arose meanwhile come back as a value with nothing written.
 */
export async function carryOutCommit(
  controller: Controller,
  proposal: CommitProposal,
  options: CarryOutOptions,
): Promise<CommitReport> {
  if (options.since === "locked")
    return await commitPlan(controller, proposal.review, proposal.plan);
  const { record } = proposal.review;
  await using _locks = await lockCommit(controller, record);
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
    native: await controller.host.native(),
  });
  return await commitPlan(controller, review, plan);
}

async function commitPlan(
  controller: Controller,
  review: SessionReview,
  plan: CommitPlan,
): Promise<CommitReport> {
  if (plan.conflicts.length > 0) return toReport(review, plan, undefined);
  if (plan.changes.length > 0)
    return toReport(review, plan, await apply(controller, { review, plan }));
  await settleSession(controller, review, { taken: plan.alreadyThere });
  return toReport(review, plan, undefined);
}

async function apply(
  controller: Controller,
  work: { readonly review: SessionReview; readonly plan: CommitPlan },
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
  const native = await controller.host.native();
  try {
    applyCommit(work.plan, {
      changeset,
      layers: record.layers,
      native,
      commitId: commit,
      commitDir: store.commitDir(commit),
      sessionId: record.session,
      pendingDigest: toChangesetDigest(pending),
      owner: { newFiles: controller.self.uid === 0 ? "parent" : controller.self },
    });
  } catch (error) {
    await recoverLocked(controller, commit);
    throw error;
  }
  await settleSession(controller, work.review, { taken: [...taken], commit });
  store.updateCommit({
    ...(await store.readCommit(commit)),
    state: "sealed",
    applied: work.plan.changes.length,
  });
  if (!isHot(store.commitDir(commit))) store.clearHot(commit);
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
