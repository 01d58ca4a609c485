import type { Approval } from "../../core/approval.js";
import type { SandboxError } from "../../core/error.js";
import type { Controller } from "../controller.js";
import { describeItems } from "../describe-items.js";
import type { CommitProposal } from "../propose-commit.js";
import { toOverBudget } from "../refuse-over-budget.js";
import { askApproval, refuseUnapproved } from "./settle-approval.js";
import { askBudget, refuseUnreleased } from "./settle-budget.js";

/** What somebody approved of a commit; absent where it was not needed. */
interface Settled {
  /** That it goes over its budget. */
  readonly budget?: Approval;
  /** What it changes. */
  readonly approval?: Approval;
}

/**
 * All approvals that `proposal` needs. Those that nobody gave yet are asked for, each at the first try: an answer to one is not followed
 * by a question about the other. Throws `denied` naming them.
 */
export async function settleApprovals(
  controller: Controller,
  proposal: CommitProposal,
  isSeen: boolean,
): Promise<Settled> {
  const isOver = proposal.overBudget.length > 0;
  const budget = isOver ? await askBudget(controller, proposal, isSeen) : undefined;
  // What is refused for good asks nothing more.
  if (budget !== undefined && budget.state !== "waiting") refuseUnreleased(proposal, budget);
  const isAsked = proposal.needsApproval.length > 0;
  const approval = isAsked ? await askApproval(controller, proposal, isSeen) : undefined;
  if (budget?.state === "waiting" && approval?.state === "waiting")
    throw toBoth(proposal, budget, approval);
  if (approval !== undefined && approval.state !== "waiting") refuseUnapproved(proposal, approval);
  if (budget !== undefined) refuseUnreleased(proposal, budget);
  if (approval !== undefined) refuseUnapproved(proposal, approval);
  return {
    ...(budget === undefined ? {} : { budget }),
    ...(approval === undefined ? {} : { approval }),
  };
}

/** One refusal for two questions. */
function toBoth(proposal: CommitProposal, budget: Approval, approval: Approval): SandboxError {
  const ids = `${budget.approval} ${approval.approval}`;
  const require = Math.max(budget.require, approval.require);
  const who = require > 1 ? `${require} reviewers` : "somebody";
  const other = require > 1 ? "" : ", on a terminal, or with --yes --over-budget";
  return toOverBudget(proposal, {
    also: `needs approval too: ${describeItems(proposal.needsApproval)}`,
    hint: `two questions wait, of the budget and of the changes: commit again once ${who} ran: sandbox approve ${ids}${other}`,
  });
}
