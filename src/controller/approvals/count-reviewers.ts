import type { Approval } from "../../core/approval.js";
import type { Profile } from "../../core/profile.js";
import type { Controller } from "../controller.js";
import { openLedgerDesk } from "./approval-desk.js";
import type { AskingController } from "./asking-controller.js";
import { readUserConfig } from "./read-user-config.js";

/**
 * How many different reviewers a question needs: the greater of what the person's own configuration and the profile say. Throws `usage` for a
 * configuration that is wrong.
 */
export function countReviewers(
  { profiles }: Pick<Controller, "profiles">,
  profile: Pick<Profile, "approvals"> | undefined,
): number {
  return Math.max(readUserConfig(profiles).approvals.require, profile?.approvals?.require ?? 1);
}

/**
 * Counts the yes of whoever is at the terminal as that of one reviewer, where a question waits for several. Says that it is not enough. What
 * has been settled stays as it is.
 */
export async function countOwnAnswer(
  controller: AskingController,
  approval: Approval,
): Promise<Approval> {
  if (approval.state !== "waiting") return approval;
  using desk = await openLedgerDesk(controller);
  const answered = await desk.answer(approval.approval, {
    answer: "approved",
    digest: approval.digest,
  });
  if (answered.state === "waiting")
    controller.notice(
      `sandbox: ${answered.require} reviewers are needed, and you are one: it is asked out of band`,
    );
  return answered;
}
