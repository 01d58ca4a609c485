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
import { type AskedOf, findOrAskApproval } from "./ask-approval.js";

/** Of questions about budgets. */
const GROUP = "budget";

/**
 * The answer to whether `proposal` may go over its budgets; asked for where nobody has yet. Throws `denied` with the whole list where nobody
 * can release them.
 */
export async function askBudget(
  controller: Controller,
  proposal: CommitProposal,
  isSeen: boolean,
): Promise<Approval> {
  if (isDeniedOverBudget(proposal)) throw toOverBudget(proposal, { hint: "" });
  const asked = await findOrAsk(controller, proposal);
  return isSeen ? await countOwnAnswer(controller, asked) : asked;
}

/** Throws `denied` with the whole list, unless the budgets were released. */
export function refuseUnreleased(proposal: CommitProposal, asked: Approval): void {
  const { approval, state, require } = asked;
  if (state === "approved") return;
  const how =
    require > 1
      ? `${require} reviewers are needed: commit again`
      : "commit on a terminal, with --yes --over-budget, or";
  const hint =
    state === "waiting"
      ? `${how} once somebody ran: sandbox approve ${approval}`
      : `${approval} is ${state}: a commit on a terminal asks you anew`;
  throw toOverBudget(proposal, { hint });
}

/** What the question whether `proposal` may go over its budgets is about. */
export function toBudgetQuestion(proposal: CommitProposal): AskedOf {
  const { session } = proposal.review.record;
  return { kind: "budget", session, digest: toBudgetDigest(proposal) };
}

function findOrAsk(controller: Controller, proposal: CommitProposal): Promise<Approval> {
  const { session } = proposal.review.record;
  const of = toBudgetQuestion(proposal);
  return findOrAskApproval(controller, of, () => {
    const lines = [...proposal.overBudget.map(describeOverBudget), ...listDestroyed(proposal)];
    return {
      subject: `let a commit of ${session} go over its budget`,
      preview: lines.map((line) => `${line}\n`).join(""),
      group: GROUP,
    };
  });
}
