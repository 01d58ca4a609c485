import type { CommitReport } from "./carry-out-commit.js";
import type { CommitAnswer } from "./commit-answer.js";
import type { Controller } from "./controller.js";
import type { OpenCommit } from "./open-commit.js";
import { refuseDeniedAlone } from "./refuse-denied.js";

/**
 * Commits where nobody is there to be asked: what policy allows, or what somebody approved out of band. A conflict comes back in the
 * report. Throws `denied` naming the approval that is needed; nothing was written.
 */
export async function commitByPolicy(
  controller: Controller,
  open: OpenCommit,
  /** Whoever is at the terminal has said yes: that is one reviewer. */
  isSeen = false,
): Promise<CommitReport> {
  const { proposal } = open;
  if (proposal.plan.conflicts.length > 0) return await open.carryOut({ by: "policy" });
  refuseDeniedAlone(proposal);
  if (proposal.overBudget.length === 0) return await commitWithin(controller, open, { isSeen });
  const { settleBudget } = await import("./approvals/settle-budget.js");
  const approval = await settleBudget(controller, proposal, isSeen);
  return await commitWithin(controller, open, {
    isSeen,
    budget: approval.digest,
    uses: [approval.approval],
  });
}

async function commitWithin(
  controller: Controller,
  open: OpenCommit,
  { isSeen, ...released }: Pick<CommitAnswer, "budget" | "uses"> & { readonly isSeen: boolean },
): Promise<CommitReport> {
  if (open.proposal.needsApproval.length === 0)
    return await open.carryOut({ by: "policy", ...released });
  const { settleApproval } = await import("./approvals/settle-approval.js");
  return await settleApproval(controller, open, { ...released, isSeen });
}
