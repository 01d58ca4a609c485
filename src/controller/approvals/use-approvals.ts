import { isSandboxError, SandboxError } from "../../core/error.js";
import type { ApprovalId } from "../../core/ids.js";
import type { CommitRecord } from "../../core/session.js";
import type { Controller } from "../controller.js";

/**
 * Uses up what somebody approved, durably, before it is carried out: whatever happens then, the same approval allows it no second time.
 * Throws `denied` where one of them was used by somebody else meanwhile, or is over its time.
 */
export async function useApprovals(
  { store }: Pick<Controller, "store">,
  approvals: readonly ApprovalId[],
): Promise<void> {
  if (approvals.length === 0) return;
  using ledger = await store.openLedger();
  for (const approval of approvals) {
    if (ledger.approvals.use(approval)) continue;
    throw new SandboxError(
      "denied",
      `${approval} was used or has expired meanwhile; nothing was written`,
      { hint: "have it asked again" },
    );
  }
}

/**
 * Says which approvals a commit that wrote nothing has used up: they were for that attempt. Killed before it used them they are as they were,
 * and nothing is said. A ledger that cannot be read holds no recovery up.
 */
export async function tellUsed(
  { store, notice }: Pick<Controller, "store" | "notice">,
  { session, approvals = [] }: Pick<CommitRecord, "session" | "approvals">,
): Promise<void> {
  if (approvals.length === 0) return;
  try {
    using ledger = await store.openLedger();
    const used = approvals.filter((id) => ledger.approvals.read(id).usedAt !== undefined);
    if (used.length > 0)
      notice(
        `sandbox: ${used.join(", ")} is used up, and nothing was written: sandbox commit ${session} asks anew`,
      );
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    notice(`sandbox: ${error.message}`);
  }
}
