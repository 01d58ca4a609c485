import type { CommitReport } from "./carry-out-commit.js";
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
  if (proposal.needsApproval.length === 0) return await open.carryOut({ by: "policy" });
  const { settleApproval } = await import("./approvals/settle-approval.js");
  return await settleApproval(controller, open);
}
