import { createHash } from "node:crypto";
import type { Approval } from "../../core/approval.js";
import { type SessionId, toDigest } from "../../core/ids.js";
import type { AgentSignature } from "../../network/agent/agent-policy.js";
import { renderPlace } from "../../core/render-place.js";
import { findOrAskApproval } from "./ask-approval.js";
import type { AskingController } from "./asking-controller.js";

/**
 * Asks whether a task may log in somewhere with a key of the person's agent, and waits for the answer, which stands for that user, host and key until the task
 * ends. Rejects with the signal's reason.
 */
export async function settleSignature(
  controller: AskingController,
  asked: {
    readonly session: SessionId;
    readonly revision: number;
    readonly signature: AgentSignature;
  },
  abort: AbortSignal,
): Promise<Approval> {
  const { session, revision, signature } = asked;
  const { host, port, user, key } = signature;
  const bound = JSON.stringify({ agent: "ssh", session, revision, host, port, user, key });
  const digest = toDigest(createHash("sha256").update(bound).digest("hex"));
  const approval = await findOrAskApproval(controller, { kind: "send", session, digest }, () => {
    const place = renderPlace(host, port);
    controller.notice(
      `sandbox: a login at ${place} waits for an approval; sandbox approvals shows the question`,
    );
    return {
      subject: `let ${session} log in at ${place} as ${user}`,
      preview: `a login at ${place}\nas ${user}\nwith the key ${key} of your ssh agent\nApproved, this task may do so as often as it wants to.\n`,
      group: "send",
    };
  });
  if (approval.state !== "waiting") return approval;
  using ledger = await controller.store.openLedger();
  return await ledger.approvals.waitFor(approval.approval, abort);
}
