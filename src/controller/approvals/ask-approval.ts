import type { Approval, ApprovalDraft } from "../../core/approval.js";
import type { AskingController } from "./asking-controller.js";

/** How long a question waits where nobody said otherwise. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** The moment a question asked now stops waiting. */
export function toExpiry(ms: number = DAY_MS): string {
  return new Date(Date.now() + ms).toISOString();
}

/**
 * Puts a question into the ledger and, where it is new, tells the person's hooks of it. Does not wait for an answer: who asks comes back
 * (`Approvals.find`) or waits (`Approvals.waitFor`). Throws as `Approvals.ask`, and `usage` for a configuration that is wrong.
 */
export async function askApproval(
  controller: AskingController,
  draft: ApprovalDraft,
): Promise<Approval> {
  const { readUserConfig } = await import("./read-user-config.js");
  const { approvals: hooks } = readUserConfig(controller.profiles);
  using ledger = await controller.store.openLedger();
  const { approval, isNew } = ledger.approvals.ask(draft);
  if (isNew && (hooks.webhook !== undefined || hooks.command !== undefined)) {
    const { tellHooks } = await import("./tell-hooks.js");
    await tellHooks(controller, hooks, approval);
  }
  return approval;
}
