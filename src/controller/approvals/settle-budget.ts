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
import { askApproval, toExpiry } from "./ask-approval.js";

/** Of questions about budgets. */
const GROUP = "budget";

/**
 * The approval by which somebody released the budgets that `proposal` goes over; asked for where nobody has yet. Throws `denied` with the whole
 * list until there is one.
 */
export async function settleBudget(
  controller: Controller,
  proposal: CommitProposal,
): Promise<Approval> {
  if (isDeniedOverBudget(proposal)) throw toOverBudget(proposal, "");
  const approval = await findOrAsk(controller, proposal);
  if (approval.state === "approved") return approval;
  const hint =
    approval.state === "waiting"
      ? `commit on a terminal, with --yes --over-budget, or once somebody ran: sandbox approve ${approval.approval}`
      : `${approval.approval} is ${approval.state}: a commit on a terminal asks you anew`;
  throw toOverBudget(proposal, hint);
}

async function findOrAsk(controller: Controller, proposal: CommitProposal): Promise<Approval> {
  const { session } = proposal.review.record;
  const digest = toBudgetDigest(proposal);
  const known = await findKnown(controller, { kind: "budget", session, digest });
  if (known !== undefined && known.state !== "expired") return known;
  const lines = [...proposal.overBudget.map(describeOverBudget), ...listDestroyed(proposal)];
  return await askApproval(controller, {
    ...{ kind: "budget", session, digest },
    subject: `let a commit of ${session} go over its budget`,
    preview: lines.map((line) => `${line}\n`).join(""),
    require: 1,
    expiresAt: toExpiry(),
    group: GROUP,
  });
}

async function findKnown(
  { store }: Controller,
  wanted: { readonly kind: "budget" } & Pick<Approval, "digest"> &
    Required<Pick<Approval, "session">>,
): Promise<Approval | undefined> {
  using ledger = await store.openLedger();
  return ledger.approvals.find(wanted);
}
