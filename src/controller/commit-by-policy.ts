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
): Promise<CommitReport> {
  const { proposal } = open;
  if (proposal.plan.conflicts.length > 0) return await open.carryOut({ by: "policy" });
  refuseDeniedAlone(proposal);
  if (proposal.overBudget.length === 0) return await commitWithin(controller, open, {});
  const { settleBudget } = await import("./approvals/settle-budget.js");
  const approval = await settleBudget(controller, proposal);
  return await commitWithin(controller, open, {
    budget: approval.digest,
    uses: [approval.approval],
  });
}

async function commitWithin(
  controller: Controller,
  open: OpenCommit,
  released: Pick<CommitAnswer, "budget" | "uses">,
): Promise<CommitReport> {
  if (open.proposal.needsApproval.length === 0)
    return await open.carryOut({ by: "policy", ...released });
  const { settleApproval } = await import("./approvals/settle-approval.js");
  return await settleApproval(controller, open, released);
}
