import { askCommitApproval } from "./commit-approval.js";
import { countOwnAnswer } from "./count-reviewers.js";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import { readFileDiff } from "../read-file-diff.js";
import type { Approval } from "../../core/approval.js";
import { assertNever } from "../../core/assert-never.js";
import { SandboxError } from "../../core/error.js";
import { renderPatch } from "../../review/render-patch.js";
import { describeItems } from "../describe-items.js";
import { renderComposed, renderProposal } from "../render-proposal.js";

/** The answer to whether `proposal` may be written; asked for where nobody has yet. */
export async function askApproval(
  controller: Controller,
  proposal: CommitProposal,
  isSeen: boolean,
): Promise<Approval> {
  const asked = await askCommitApproval(controller, proposal, () => renderPreview(proposal));
  return isSeen ? await countOwnAnswer(controller, asked) : asked;
}

/** Throws `denied` naming the approval, unless it was given. */
export function refuseUnapproved(proposal: CommitProposal, approval: Approval): void {
  switch (approval.state) {
    case "approved":
      return;
    case "waiting":
      throw new SandboxError(
        "denied",
        `needs approval: ${describeItems(proposal.needsApproval)}; nothing was written`,
        {
          hint:
            approval.require > 1
              ? `commit again once ${approval.require} reviewers ran: sandbox approve ${approval.approval}`
              : `commit on a terminal, with --yes, or once somebody ran: sandbox approve ${approval.approval}`,
        },
      );
    case "denied":
      throw new SandboxError(
        "denied",
        `${approval.approval} was denied${describeDenial(approval)}; nothing was written`,
        { hint: "a commit on a terminal asks you anew" },
      );
    case "expired":
      throw new SandboxError("denied", `${approval.approval} has expired; nothing was written`);
    default:
      assertNever(approval.state);
  }
}

function describeDenial({ answers }: Approval): string {
  const denial = answers.find(({ answer }) => answer === "denied");
  if (denial === undefined) return "";
  return ` by ${denial.by.name}${denial.note === undefined ? "" : ` (${denial.note})`}`;
}

/** Of the patch, in UTF-16 units; the plan itself is never cut. */
const MOST_PATCH = 256 * 1024;

/** The plan, what runs later, and the patch of it as far as a person reads. */
function renderPreview(proposal: CommitProposal): string {
  const { review, plan, needsNaming, composed } = proposal;
  const { session } = review.record;
  const later = needsNaming.map(
    ({ change, risks }) =>
      `RUNS LATER on this host: ${JSON.stringify(change.path)}: ${risks.map(({ reason }) => reason).join("; ")}\n`,
  );
  const pieces = [renderProposal(proposal, { colour: false }), ...later, "\n"];
  let room = MOST_PATCH;
  for (const patch of renderPatches()) {
    room -= patch.length;
    if (room < 0) return [...pieces, `the rest: sandbox diff ${session}\n`].join("");
    pieces.push(patch);
  }
  return pieces.join("");

  function* renderPatches(): Generator<string> {
    yield* renderComposed(proposal, { colour: false });
    for (const change of plan.changes)
      if (!composed.has(change))
        yield renderPatch(readFileDiff(review, change), { colour: false, terminal: true });
  }
}
