import type { CommitPlan } from "../commit/plan-commit.js";
import type { Change } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import type { SavedDecision } from "../core/saved-decision.js";
import type { SessionRecord } from "../core/session.js";
import { readSessionProfile } from "./session-profile.js";
import type { CommitRequest } from "./commit-request.js";
import type { ComposedChange } from "./composed-change.js";
import type { Controller } from "./controller.js";
import type { OverBudgetItem } from "../policy/budgets/judge-budgets.js";
import { findOverBudget } from "./find-over-budget.js";
import { findUnapproved, isOnlyMade } from "./find-unapproved.js";
import { loadReview } from "./load-review.js";
import { preparePlan } from "./prepare-plan.js";
import { readWish } from "./read-wish.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";
import { findGitConflicts, settleGit } from "./settle-git.js";
import { isDenied, settleSelection } from "./settle-selection.js";

/** What a commit would do, before anybody agreed to it. */
export interface CommitProposal {
  readonly request: CommitRequest;
  readonly review: SessionReview;
  readonly selected: ReadonlySet<number>;
  readonly plan: CommitPlan;
  /** Changes of the plan that stand for others: hunks, merges, the task's version by force. */
  readonly composed: ReadonlyMap<Change, ComposedChange>;
  /** What an approval is bound to: of all that is pending, or where something was composed of what the plan writes. */
  readonly digest: Digest;
  /** What policy asks about and no review approved, riskiest first. */
  readonly needsApproval: readonly ReviewedChange[];
  /** Of these: what runs later on the host and was not named as a PATH. `--yes` alone does not approve it. */
  readonly needsNaming: readonly ReviewedChange[];
  /** Budgets that it goes over: held until somebody releases exactly it. */
  readonly overBudget: readonly OverBudgetItem[];
  /** What policy denies: never selected. */
  readonly denied: readonly ReviewedChange[];
}

/**
 * Plans the commit of what was asked for. Writes nothing. Throws `changed-since-review` where the layers were
 * altered, `denied` where a PATH names what policy denies, `usage` for a session that has nothing to commit.
 */
export async function proposeCommit(
  controller: Controller,
  request: CommitRequest,
): Promise<CommitProposal> {
  const review = await loadReview(controller, request.session);
  const { session, revision } = review.record;
  const decisions = await controller.store.readDecisions(session, revision);
  const wish = readWish(controller, { review, request, decisions });
  const { treatments, isNamed } = wish;
  const { chosen, leftOut } = settleGit(review, wish.chosen, wish.isExact);
  refuseNamedDenials(chosen.filter((item) => isDenied(item) && isNamed(item)));
  const { selected, denied, parents } = settleSelection(review, chosen);
  const merge = request.merge ?? "no";
  const prepared = await preparePlan(controller, review, { selected, treatments, merge });
  const { composed } = prepared;
  tellLeftOut(controller, leftOut, chosen);
  const conflicts = await findGitConflicts(controller, review, prepared.plan.changes);
  const plan = { ...prepared.plan, conflicts: [...prepared.plan.conflicts, ...conflicts] };
  const isDeniedNow = new Set(denied);
  const needsApproval = findUnapproved(
    { parents, chosen: chosen.filter((item) => !isDeniedNow.has(item)) },
    {
      ...{ decisions: await toEnough(controller, review.record, decisions), treatments },
      composed: new Map([...composed.values()].map((one) => [one.original, one])),
    },
  );
  const along = new Set(parents.filter(isOnlyMade));
  return {
    ...{ request, review, selected, plan, composed, denied, needsApproval },
    overBudget: await findOverBudget(controller, review.record, plan.changes),
    digest: composed.size === 0 ? review.changeset.digest : toChangesetDigest(plan.changes),
    needsNaming: needsApproval.filter(
      (item) => runsLater(item) && !isNamed(item) && !along.has(item),
    ),
  };
}

/** A review is that of one person: where several are needed it approves nothing by itself. */
async function toEnough(
  controller: Controller,
  record: SessionRecord,
  decisions: readonly SavedDecision[],
): Promise<readonly SavedDecision[]> {
  if (decisions.length === 0) return decisions;
  const { countReviewers } = await import("./approvals/count-reviewers.js");
  return countReviewers(controller, readSessionProfile(record)) > 1 ? [] : decisions;
}

const MOST_LEFT_OUT = 5;

/** Throws `denied` where nothing else was asked for. */
function tellLeftOut(
  controller: Controller,
  leftOut: readonly ReviewedChange[],
  chosen: readonly ReviewedChange[],
): void {
  if (leftOut.length === 0) return;
  const names = leftOut.slice(0, MOST_LEFT_OUT).map(({ change }) => change.path);
  const more = leftOut.length - names.length;
  const list = `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  if (chosen.length === 0)
    throw new SandboxError("denied", `git obeys it, or a killed git left it: ${list}`, {
      hint: "look at it, then name its own path",
    });
  controller.notice(
    `left out, since git obeys it or a killed git left it: ${list} (name a path to commit it)`,
  );
}

/** True for what some program on the host will run or obey. */
function runsLater(item: ReviewedChange): boolean {
  return item.risks.some((risk) => risk.id === "runs-later");
}

function refuseNamedDenials(items: readonly ReviewedChange[]): void {
  const first = items[0];
  if (first === undefined) return;
  throw new SandboxError("denied", `${first.change.path}: ${first.decision.reason}`, {
    hint: `rule ${first.decision.rule}; it stays in the session and can be looked at with \`sandbox diff\``,
  });
}
