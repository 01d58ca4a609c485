import type { CommitReport } from "../controller/carry-out-commit.js";
import { type CommitAnswer as CarriedAnswer, logRefusal } from "../controller/commit-answer.js";
import type { Controller } from "../controller/controller.js";
import { type OpenCommit, openCommit } from "../controller/open-commit.js";
import type { CommitProposal } from "../controller/propose-commit.js";
import { readSessionProfile } from "../controller/session-profile.js";
import type { ReviewedChange } from "../controller/session-review.js";
import { isSandboxError, SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import { isApproval } from "../core/saved-decision.js";
import { ask } from "./ask.js";
import { toNamingHint } from "./naming-hint.js";
import { type CliContext, wantsColour } from "./cli-context.js";
import {
  isDeniedOverBudget,
  listDestroyed,
  refuseOverBudget,
  toBudgetDigest,
} from "../controller/refuse-over-budget.js";
import { refuseDeniedAlone } from "../controller/refuse-denied.js";
import { describeItems } from "../controller/describe-items.js";
import { renderComposed, renderProposal } from "../controller/render-proposal.js";

/** How a commit gets its approval. */
export type Approval =
  /** A person is asked, with the plan before their eyes. */
  | "ask"
  /** `--yes`: approves what policy asks about, except what runs later and was not named. */
  | "yes"
  /** Nobody is there: only what policy allows, or what somebody approved out of band. */
  | "policy"
  /** Nobody will ever be: everything must be allowed by policy alone. */
  | "allowed";

/** What became of the question. */
export type CommitAnswer =
  | { readonly answer: "committed"; readonly report: CommitReport }
  | { readonly answer: "conflict"; readonly proposal: CommitProposal }
  | { readonly answer: "declined" };

/**
 * Gets `proposal` approved and carries it out. A conflict comes back before anybody is asked. Throws `denied`
 * where an approval is needed that nobody gave, naming what it is needed for.
 */
export async function decideCommit(
  context: CliContext,
  asked: {
    readonly controller: Controller;
    readonly open: OpenCommit;
    readonly approval: Approval;
    /** With `yes`: a budget may be gone over. */
    readonly overBudget?: boolean;
  },
): Promise<CommitAnswer> {
  const { proposal } = asked.open;
  if (proposal.plan.conflicts.length > 0) return { answer: "conflict", proposal };
  try {
    return await settle(context, asked);
  } catch (error) {
    if (isSandboxError(error) && error.code === "denied")
      logRefusal(asked.controller, proposal, error.message);
    throw error;
  }
}

const BY = { ask: "prompt", yes: "yes", policy: "policy", allowed: "policy" } as const;

async function settle(
  context: CliContext,
  asked: Parameters<typeof decideCommit>[1],
): Promise<CommitAnswer> {
  const { controller, open, approval } = asked;
  const { proposal } = open;
  refuseDeniedAlone(proposal);
  let given: Pick<CarriedAnswer, "uses"> = {};
  switch (approval) {
    case "policy": {
      const { commitByPolicy } = await import("../controller/commit-by-policy.js");
      return { answer: "committed", report: await commitByPolicy(controller, open) };
    }
    case "allowed": {
      const { commitAllowed } = await import("../controller/commit-allowed.js");
      return { answer: "committed", report: await commitAllowed(open) };
    }
    case "yes":
      given = await approveByYes(controller, proposal, asked.overBudget === true);
      break;
    case "ask": {
      const answer = await askPerson(context, proposal);
      if (answer === "no") {
        logRefusal(controller, proposal, "a person was asked and declined");
        return { answer: "declined" };
      }
      if (answer === "review") {
        const { request, selected } = proposal;
        const { session, paths } = request;
        return await reviewAndCommit(context, controller, { session, paths, only: selected });
      }
      if (!(await askOverBudget(context, proposal))) {
        logRefusal(controller, proposal, "a person was asked to release the budget and declined");
        return { answer: "declined" };
      }
    }
  }
  if (await needsSeveral(controller, proposal)) {
    const { commitByPolicy } = await import("../controller/commit-by-policy.js");
    return { answer: "committed", report: await commitByPolicy(controller, open, true) };
  }
  return {
    answer: "committed",
    report: await open.carryOut({ ...toAnswer(proposal, approval), ...given }),
  };
}

/**
 * What `--yes` does not approve by itself may have been approved out of band: then that is used. Throws `denied` where it was not; nobody
 * is asked.
 */
async function approveByYes(
  controller: Controller,
  proposal: CommitProposal,
  isReleased: boolean,
): Promise<Pick<CarriedAnswer, "uses">> {
  const { needsNaming, overBudget } = proposal;
  const isHeld = overBudget.length > 0 && !isReleased;
  if (needsNaming.length === 0 && !isHeld) return {};
  const { findGivenApprovals } = await import("../controller/approvals/given-approvals.js");
  const given = await findGivenApprovals(controller, proposal);
  if (given.approval === undefined)
    refuseUnapproved(
      needsNaming,
      "runs later on this host: --yes approves it only by name",
      toNamingHint(controller, proposal),
    );
  if (isHeld && (given.budget === undefined || isDeniedOverBudget(proposal)))
    refuseOverBudget(proposal, undefined);
  const used = [
    needsNaming.length > 0 ? given.approval : undefined,
    isHeld ? given.budget : undefined,
  ];
  return { uses: used.flatMap((one) => (one === undefined ? [] : [one.approval])) };
}

/** Whether a yes at the terminal, or `--yes`, is not enough for what policy asks about. */
async function needsSeveral(controller: Controller, proposal: CommitProposal): Promise<boolean> {
  const { needsApproval, overBudget, review } = proposal;
  if (needsApproval.length === 0 && overBudget.length === 0) return false;
  const { countReviewers } = await import("../controller/approvals/count-reviewers.js");
  return countReviewers(controller, readSessionProfile(review.record)) > 1;
}

/** Whoever said yes was shown what goes over the budget, and said yes to that too. */
function toAnswer(proposal: CommitProposal, approval: Approval): CarriedAnswer {
  const by = { by: BY[approval] };
  return proposal.overBudget.length === 0 ? by : { ...by, budget: toBudgetDigest(proposal) };
}

/** A question of its own: what goes over a budget is not approved along with the rest. */
async function askOverBudget(context: CliContext, proposal: CommitProposal): Promise<boolean> {
  if (proposal.overBudget.length === 0) return true;
  if (isDeniedOverBudget(proposal)) refuseOverBudget(proposal, undefined);
  for (const line of listDestroyed(proposal)) context.stderr.write(`  ${line}\n`);
  const answer = await ask(context, "This goes OVER THE BUDGET. Commit it all the same? [y/N] ");
  return answer === "y" || answer === "yes";
}

function refuseUnapproved(items: readonly ReviewedChange[], why: string, hint: string): void {
  if (items.length === 0) return;
  throw new SandboxError("denied", `${why}: ${describeItems(items)}; nothing was written`, {
    hint,
  });
}

async function askPerson(
  context: CliContext,
  proposal: CommitProposal,
): Promise<"yes" | "no" | "review"> {
  const colour = wantsColour(context, context.stderr);
  for (const text of renderComposed(proposal, { colour })) context.stderr.write(text);
  context.stderr.write(renderProposal(proposal, { colour }));
  const answer = await ask(context, "Commit these changes? [y/N/r=review] ");
  if (answer === "r" || answer === "review") return "review";
  return answer === "y" || answer === "yes" ? "yes" : "no";
}

/**
 * A review of what is pending (`only`: of these changes), then the question whether to commit what it approved, as `commit --reviewed`
 * does. Declined without a question where it approved nothing.
 */
export async function reviewAndCommit(
  context: CliContext,
  controller: Controller,
  asked: {
    readonly session: SessionId;
    readonly paths: readonly string[];
    readonly only?: ReadonlySet<number>;
  },
): Promise<CommitAnswer> {
  const { session, paths, only } = asked;
  const { reviewSession } = await import("./review-session.js");
  const { review, decisions } = await reviewSession(context, controller, asked);
  const isApproved = review.items.some(({ change, index }) => {
    const decision = decisions.get(change.digest);
    return decision !== undefined && isApproval(decision) && (only?.has(index) ?? true);
  });
  if (!isApproved) return { answer: "declined" };
  const request = { session, paths, reviewed: true };
  await using open = await openCommit(controller, { ...request, asks: true });
  return await decideCommit(context, { controller, open, approval: "ask" });
}
