import { createHash } from "node:crypto";
import type { Approval } from "../../core/approval.js";
import { toDigest, type SessionId } from "../../core/ids.js";
import type { SendBudget } from "../../core/profile.js";
import { findOrAskApproval } from "./ask-approval.js";
import type { AskingController } from "./asking-controller.js";

/** A task that has used up its budget of sends. */
export interface AskedSends {
  readonly session: SessionId;
  readonly revision: number;
  readonly budget: SendBudget;
  /** With a budget for each host: the one. */
  readonly host: string;
  /** How often it was let go on before. */
  readonly round: number;
  /** One line: what was sent so far. */
  readonly reason: string;
  /** The request that waits. */
  readonly waiting: string;
}

/**
 * Asks whether the task may send as much again, unless that was asked already, and waits for the answer: for all requests that wait together it is
 * one question. Rejects with the signal's reason.
 */
export async function settleSends(
  controller: AskingController,
  asked: AskedSends,
  abort: AbortSignal,
): Promise<Approval> {
  const { session, revision, budget, host, round, reason, waiting } = asked;
  const bound = JSON.stringify({ session, revision, budget, host, round });
  const digest = toDigest(createHash("sha256").update(bound).digest("hex"));
  const approval = await findOrAskApproval(controller, { kind: "send", session, digest }, () => {
    const whereto = budget.by === undefined ? "" : ` to ${host}`;
    controller.notice(`sandbox: a request waits: ${reason}; sandbox approvals shows the question`);
    return {
      subject: `let ${session} send as much again${whereto}`,
      preview: `${reason}\nwaiting: ${waiting}\nApproved, it may send as much again before it is asked about the next time.\n`,
      group: "send",
    };
  });
  if (approval.state !== "waiting") return approval;
  using ledger = await controller.store.openLedger();
  return await ledger.approvals.waitFor(approval.approval, abort);
}
