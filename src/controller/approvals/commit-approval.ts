import type { Approval } from "../../core/approval.js";
import { toChangesetDigest } from "../../core/changeset-digest.js";
import { type Digest, toDigest } from "../../core/ids.js";
import { createHash } from "node:crypto";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import { type AskedOf, findOrAskApproval } from "./ask-approval.js";

/** Of questions about what programs on the host run later: whoever answers has to have looked. */
export const RUNS_LATER_GROUP = "runs-later";

/**
 * The approval of exactly what `proposal` would write, asked for where nobody has yet. `preview` is what the reviewer is to see. An
 * earlier answer holds: a denial is not asked away.
 */
export function askCommitApproval(
  controller: Controller,
  proposal: CommitProposal,
  preview: () => string,
): Promise<Approval> {
  const { session } = proposal.review.record;
  const of = toCommitQuestion(proposal);
  const { length } = proposal.plan.changes;
  return findOrAskApproval(controller, of, () => ({
    subject: `commit ${length} change${length === 1 ? "" : "s"} of ${session}`,
    preview: preview(),
    group: proposal.needsNaming.length > 0 ? RUNS_LATER_GROUP : "commit",
  }));
}

/** What the question whether `proposal` may be written is about. */
export function toCommitQuestion(proposal: CommitProposal): AskedOf {
  const { session } = proposal.review.record;
  return { kind: "commit", session, digest: toApprovalDigest(proposal) };
}

/** Of all that is pending, and of the selection as it would be written now: the host's own edits are in it too. */
function toApprovalDigest({ digest, plan, review }: CommitProposal): Digest {
  const text = `commit\n${review.record.session}\n${digest}\n${toChangesetDigest(plan.changes)}\n`;
  return toDigest(createHash("sha256").update(text).digest("hex"));
}
