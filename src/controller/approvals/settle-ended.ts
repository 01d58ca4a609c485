import { isSandboxError } from "../../core/error.js";
import type { Approval } from "../../core/approval.js";
import type { SessionId } from "../../core/ids.js";
import type { Approvals } from "../../store/ledger/open-approvals.js";
import type { AskingController } from "./asking-controller.js";

/** Questions that only the task which waits for the answer can use. */
function isOfRunningTask({ kind, group }: Pick<Approval, "kind" | "group">): boolean {
  return kind === "send" || group === "budget-live";
}

/** Ends the questions of the session's tasks, of which none runs or one is about to begin: an answer would mean nothing. */
export async function withdrawOfTask(
  { store }: Pick<AskingController, "store">,
  session: SessionId,
): Promise<void> {
  if (!store.hasLedger()) return;
  using ledger = await store.openLedger();
  withdrawRunning(ledger.approvals, session);
}

function withdrawRunning(approvals: Approvals, session: SessionId): void {
  for (const one of approvals.list({ state: "waiting", session }))
    if (isOfRunningTask(one)) approvals.withdrawOne(one.approval);
}

/** Ends such questions of every session that runs no longer: a process that was killed could not. */
export async function settleEnded(
  { store }: Pick<AskingController, "store">,
  approvals: Approvals,
): Promise<void> {
  const waiting = approvals.list({ state: "waiting" }).filter(isOfRunningTask);
  const sessions = new Set(waiting.flatMap(({ session }) => session ?? []));
  for (const session of sessions)
    if (!(await isRunning(store, session))) withdrawRunning(approvals, session);
}

async function isRunning(store: AskingController["store"], session: SessionId): Promise<boolean> {
  try {
    return (await store.readSession(session)).state === "running";
  } catch (error) {
    if (isSandboxError(error) && error.code === "not-found") return false;
    // Damaged: nobody can tell.
    if (isSandboxError(error)) return true;
    throw error;
  }
}
