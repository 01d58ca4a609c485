import { applyCommit } from "../commit/apply-commit.js";
import { isHot } from "../commit/is-hot.js";
import type { Composed } from "../commit/composed.js";
import type { PathConflict } from "../commit/plan-commit.js";
import { readApplied } from "../commit/read-applied.js";
import type { Change } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import { useApprovals } from "./approvals/use-approvals.js";
import type { CommitAnswer } from "./commit-answer.js";
import { countEffects } from "../policy/budgets/count-effects.js";
import type { Controller } from "./controller.js";
import { findOverBudget } from "./find-over-budget.js";
import { lockSpending } from "./lock-spending.js";
import { logSealed, logSettled, logStart, logUndone } from "./log-commit.js";
import { lockCommit } from "./lock-workspaces.js";
import { type CommitProposal, proposeCommit } from "./propose-commit.js";
import { refuseOverBudget } from "./refuse-over-budget.js";
import { recoverLocked } from "./recover-workspaces.js";
import type { ReviewedChange } from "./session-review.js";
import { settleSession, toRest } from "./settle-session.js";

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
  /** Of `skipped`: what policy denies. */
  readonly denied: readonly ReviewedChange[];
  readonly conflicts: readonly PathConflict[];
  /** Of `applied`: merged with what the host had. */
  readonly merged: readonly Change[];
}

/** Says how long ago what is to be committed was looked at. */
export interface CarryOutOptions {
  /** `locked`: the locks are held since the proposal. `asked`: a person was asked meanwhile, and held nothing up. */
  readonly since: "locked" | "asked";
  /** Who approved it, for the record. */
  readonly answer: CommitAnswer;
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
  const { since, answer } = options;
  if (since === "locked") return await commitPlan(controller, proposal, answer);
  const { record } = proposal.review;
  await using _locks = await lockCommit(controller, record);
  const now = await proposeCommit(controller, proposal.request);
  if (now.review.changeset.digest !== proposal.review.changeset.digest)
    throw new SandboxError(
      "changed-since-review",
      `session ${record.session} has other pending changes than the ones that were shown`,
      { hint: "look at `sandbox diff` again" },
    );
  refuseOther(proposal, now);
  return await commitPlan(controller, now, answer);
}

/** What was composed rests on what the host had when it was shown. */
function refuseOther(shown: CommitProposal, now: CommitProposal): void {
  const isWider = [...now.selected].some((index) => !shown.selected.has(index));
  if (isWider || now.selected.size !== shown.selected.size)
    throw new SandboxError("changed-since-review", "what a review approved changed meanwhile", {
      hint: "nothing was written; ask again",
    });
  if (now.plan.conflicts.length > 0) return;
  const digests = new Set([...shown.composed.keys()].map((change) => change.digest));
  const other = [...now.composed.keys()].find((change) => !digests.has(change.digest));
  if (other === undefined && shown.composed.size === now.composed.size) return;
  throw new SandboxError(
    "conflict",
    `${other?.path ?? "a file"} changed on the host while you were asked; nothing was written`,
    { hint: "ask again: what would be written now is not what was shown" },
  );
}

async function commitPlan(
  controller: Controller,
  now: CommitProposal,
  answer: CommitAnswer,
): Promise<CommitReport> {
  const { plan, review } = now;
  if (plan.conflicts.length > 0) return toReport(now, undefined);
  refuseOverBudget(now, answer.budget);
  if (plan.changes.length > 0) return toReport(now, await apply(controller, now, answer));
  await useApprovals(controller, answer.uses ?? []);
  logSettled(controller, now);
  await settleSession(controller, review, { taken: plan.alreadyThere });
  return toReport(now, undefined);
}

async function apply(
  controller: Controller,
  now: CommitProposal,
  answer: CommitAnswer,
): Promise<CommitId> {
  const { store } = controller;
  const { plan, composed } = now;
  const { record, changeset } = now.review;
  const { uses = [] } = answer;
  const commit = await openRecord(controller, now, answer);
  store.markHot(commit);
  try {
    await useApprovals(controller, uses);
  } catch (error) {
    // Nothing has been touched: there is nothing to recover.
    store.updateCommit({ ...(await store.readCommit(commit)), state: "undone" });
    store.clearHot(commit);
    throw error;
  }
  logStart(controller, { now, answer, commit });
  const native = await controller.host.native();
  try {
    applyCommit(plan, {
      changeset,
      layers: record.layers,
      native,
      commitId: commit,
      commitDir: store.commitDir(commit),
      sessionId: record.session,
      pendingDigest: toChangesetDigest(toPending(now)),
      owner: { newFiles: controller.self.uid === 0 ? "parent" : controller.self },
      composed: writeComposed(controller, commit, composed),
    });
  } catch (error) {
    const { outcome } = await recoverLocked(controller, commit);
    logUndone(controller, { now, commit, outcome });
    throw error;
  }
  const isPartial = [...composed.values()].some((one) => one.rest === "pending");
  const written = isPartial ? readApplied(store.commitDir(commit)) : plan.changes;
  const next = await settleSession(controller, now.review, {
    taken: [...plan.alreadyThere, ...written],
    commit,
  });
  store.updateCommit({
    ...(await store.readCommit(commit)),
    state: "sealed",
    applied: plan.changes.length,
  });
  store.removeComposed(commit);
  // What is not on record as done stays marked: a recovery finds it done and puts it there.
  await logSealed(controller, { commit, next, isPartial });
  if (!isHot(store.commitDir(commit))) store.clearHot(commit);
  return commit;
}

/** Counted and on record in one step, so that no other commit spends the same budget in between. */
async function openRecord(
  controller: Controller,
  now: CommitProposal,
  { budget, uses = [] }: CommitAnswer,
): Promise<CommitId> {
  const { changes } = now.plan;
  const { record } = now.review;
  using lock = await lockSpending(controller, record);
  if (lock !== undefined)
    refuseOverBudget(
      { ...now, overBudget: await findOverBudget(controller, record, changes) },
      budget,
    );
  return controller.store.createCommit({
    session: record.session,
    workspaces: record.workspaces,
    digest: toChangesetDigest(changes),
    createdAt: new Date().toISOString(),
    effects: countEffects(changes),
    ...(uses.length === 0 ? {} : { approvals: uses }),
  }).commit;
}

/** Puts what was composed where the commit takes it from. */
function writeComposed(
  controller: Controller,
  commit: CommitId,
  composed: CommitProposal["composed"],
): ReadonlyMap<Change, Composed> {
  const made = [...composed.values()].flatMap(({ content, ...one }) =>
    content === undefined ? [] : [{ ...one, bytes: content.bytes }],
  );
  const places = controller.store.writeComposed(
    commit,
    made.map(({ bytes }) => bytes),
  );
  return new Map(
    made.flatMap(({ change, original, rest }, at) => {
      const content = places[at];
      return content === undefined ? [] : [[change, { original, content, rest }] as const];
    }),
  );
}

/** What the session holds afterwards. */
function toPending({ review, plan, composed }: CommitProposal): readonly Change[] {
  const rests = new Map<Change, Change>();
  const taken = new Set<Change>(plan.alreadyThere);
  for (const change of plan.changes) {
    const made = composed.get(change);
    taken.add(made?.original ?? change);
    if (made?.rest === "pending" && change.after !== undefined)
      rests.set(made.original, toRest(made.original, { ...change.after, uid: 0, gid: 0 }));
  }
  for (const made of composed.values()) if (taken.has(made.change)) taken.add(made.original);
  return review.changeset.changes.flatMap((change) => {
    const rest = rests.get(change);
    return rest !== undefined ? [rest] : taken.has(change) ? [] : [change];
  });
}

function toReport(now: CommitProposal, commit: CommitId | undefined): CommitReport {
  const { review, plan, composed } = now;
  const applied = commit === undefined ? [] : plan.changes;
  const made = applied.flatMap((change) => composed.get(change) ?? []);
  const whole = made.filter(({ rest }) => rest === "none").map(({ original }) => original);
  const done = new Set([...applied, ...whole]);
  return {
    commit,
    session: review.record.session,
    digest: now.digest,
    workspaces: review.changeset.workspaces,
    applied,
    skipped: review.changeset.changes.filter((change) => !done.has(change)),
    denied: now.denied,
    conflicts: plan.conflicts,
    merged: made.filter(({ how }) => how === "merge").map(({ change }) => change),
  };
}
