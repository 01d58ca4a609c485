import type { Approval } from "../../core/approval.js";
import { describeOverBudget } from "../../policy/budgets/judge-budgets.js";
import type { Controller } from "../controller.js";
import type { CommitProposal } from "../propose-commit.js";
import {
  isDeniedOverBudget,
  listDestroyed,
  toBudgetDigest,
  toOverBudget,
} from "../refuse-over-budget.js";
import { countOwnAnswer } from "./count-reviewers.js";
import { findOrAskApproval } from "./ask-approval.js";

/** Of questions about budgets. */
const GROUP = "budget";

/**
 * The approval by which somebody released the budgets that `proposal` goes over; asked for where nobody has yet. Throws `denied` with the whole
 * list until there is one.
 */
export async function settleBudget(
  controller: Controller,
  proposal: CommitProposal,
  isSeen: boolean,
): Promise<Approval> {
  if (isDeniedOverBudget(proposal)) throw toOverBudget(proposal, "");
  const asked = await findOrAsk(controller, proposal);
  const approval = isSeen ? await countOwnAnswer(controller, asked) : asked;
  if (approval.state === "approved") return approval;
  const hint =
    approval.state === "waiting"
      ? `${approval.require > 1 ? `${approval.require} reviewers are needed: commit again` : "commit on a terminal, with --yes --over-budget, or"} once somebody ran: sandbox approve ${approval.approval}`
      : `${approval.approval} is ${approval.state}: a commit on a terminal asks you anew`;
  throw toOverBudget(proposal, hint);
}

function findOrAsk(controller: Controller, proposal: CommitProposal): Promise<Approval> {
  const { session } = proposal.review.record;
  const of = { kind: "budget", session, digest: toBudgetDigest(proposal) } as const;
  return findOrAskApproval(controller, of, () => {
    const lines = [...proposal.overBudget.map(describeOverBudget), ...listDestroyed(proposal)];
    return {
      subject: `let a commit of ${session} go over its budget`,
      preview: lines.map((line) => `${line}\n`).join(""),
      group: GROUP,
    };
  });
}
