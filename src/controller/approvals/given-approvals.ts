import type { Approval } from "../../core/approval.js";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import { findCommitApproval } from "./commit-approval.js";
import { findBudgetRelease } from "./settle-budget.js";

/** What somebody approved of a commit already, out of band. */
export interface GivenApprovals {
  /** What it changes. */
  readonly approval?: Approval;
  /** That it goes over its budget. */
  readonly budget?: Approval;
}

/** Looks for approvals of exactly `proposal` that were given and not used. Asks nobody. */
export async function findGivenApprovals(
  controller: Controller,
  proposal: CommitProposal,
): Promise<GivenApprovals> {
  const approval = await findCommitApproval(controller, proposal);
  const isOver = proposal.overBudget.length > 0;
  const budget = isOver ? await findBudgetRelease(controller, proposal) : undefined;
  return {
    ...(approval?.state === "approved" ? { approval } : {}),
    ...(budget?.state === "approved" ? { budget } : {}),
  };
}
