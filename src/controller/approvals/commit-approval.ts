import type { Approval } from "../../core/approval.js";
import { toChangesetDigest } from "../../core/changeset-digest.js";
import { type Digest, toDigest } from "../../core/ids.js";
import { createHash } from "node:crypto";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import { askApproval, toExpiry } from "./ask-approval.js";

/** Of questions about what programs on the host run later: whoever answers has to have looked. */
export const RUNS_LATER_GROUP = "runs-later";

/**
 * The approval of exactly what `proposal` would write, asked for where nobody has yet. `preview` is what the reviewer is to see. An
 * earlier answer holds: a denial is not asked away.
 */
export async function askCommitApproval(
  controller: Controller,
  proposal: CommitProposal,
  preview: () => string,
): Promise<Approval> {
  const { session } = proposal.review.record;
  const digest = toApprovalDigest(proposal);
  const known = await findCommitApproval(controller, proposal);
  if (known !== undefined && known.state !== "expired") return known;
  const { changes } = proposal.plan;
  return await askApproval(controller, {
    kind: "commit",
    ...{ session, digest },
    subject: `commit ${changes.length} change${changes.length === 1 ? "" : "s"} of ${session}`,
    preview: preview(),
    require: 1,
    expiresAt: toExpiry(),
    group: proposal.needsNaming.length > 0 ? RUNS_LATER_GROUP : "commit",
  });
}

/** The newest question about exactly what `proposal` would write that has not been used. */
async function findCommitApproval(
  { store }: Controller,
  proposal: CommitProposal,
): Promise<Approval | undefined> {
  using ledger = await store.openLedger();
  const { session } = proposal.review.record;
  return ledger.approvals.find({ kind: "commit", session, digest: toApprovalDigest(proposal) });
}

/** What was approved has been done. */
export async function useApproval({ store }: Controller, { approval }: Approval): Promise<void> {
  using ledger = await store.openLedger();
  ledger.approvals.use(approval);
}

/** Of all that is pending, and of the selection as it would be written now: the host's own edits are in it too. */
function toApprovalDigest({ digest, plan, review }: CommitProposal): Digest {
  const text = `commit\n${review.record.session}\n${digest}\n${toChangesetDigest(plan.changes)}\n`;
  return toDigest(createHash("sha256").update(text).digest("hex"));
}
