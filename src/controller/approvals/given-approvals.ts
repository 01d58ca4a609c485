import type { Approval } from "../../core/approval.js";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import { findApproval } from "./ask-approval.js";
import { toCommitQuestion } from "./commit-approval.js";
import { toBudgetQuestion } from "./settle-budget.js";

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
  const approval = await findApproval(controller, toCommitQuestion(proposal));
  const isOver = proposal.overBudget.length > 0;
  const budget = isOver ? await findApproval(controller, toBudgetQuestion(proposal)) : undefined;
  return {
    ...(approval?.state === "approved" ? { approval } : {}),
    ...(budget?.state === "approved" ? { budget } : {}),
  };
}
