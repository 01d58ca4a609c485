import type { Approval } from "../core/approval.js";
import type { CommitReport } from "./carry-out-commit.js";
import type { Controller } from "./controller.js";
import type { OpenCommit } from "./open-commit.js";
import { refuseDeniedAlone } from "./refuse-denied.js";

/**
 * Commits where nobody is there to be asked: what policy allows, or what somebody approved out of band. A conflict comes back in the
 * report. Throws `denied` naming every approval that is needed; nothing was written.
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
  const isWithin = proposal.overBudget.length === 0;
  if (isWithin && proposal.needsApproval.length === 0) return await open.carryOut({ by: "policy" });
  const { settleApprovals } = await import("./approvals/settle-approvals.js");
  const { budget, approval } = await settleApprovals(controller, proposal, isSeen);
  const uses = [budget, approval].filter((one): one is Approval => one !== undefined);
  return await open.carryOut({
    ...(approval === undefined
      ? { by: "policy" }
      : { by: "approval", approval: approval.approval }),
    ...(budget === undefined ? {} : { budget: budget.digest }),
    uses: uses.map((one) => one.approval),
  });
}
