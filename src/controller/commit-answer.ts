import type { JsonValue } from "../core/audit-entry.js";
import type { ApprovalId, Digest } from "../core/ids.js";
import { describeOverBudget } from "../policy/budgets/judge-budgets.js";
import type { Controller } from "./controller.js";
import type { CommitProposal } from "./propose-commit.js";

/** Why a commit may be carried out. */
export type CommitAnswer = Answer & {
  /** A budget that it goes over was released: `toBudgetDigest` of what was shown. */
  readonly budget?: Digest;
  /** What was approved out of band: each is used up before anything is written, and allows nothing more. */
  readonly uses?: readonly ApprovalId[];
};

type Answer =
  /** A person was shown it and said yes. */
  | { readonly by: "prompt" }
  /** `--yes`. */
  | { readonly by: "yes" }
  /** Nothing in it needs an approval, or a review has given them all. */
  | { readonly by: "policy" }
  /** Somebody approved it out of band. */
  | { readonly by: "approval"; readonly approval: ApprovalId };

/** What policy said of the changes that are selected, by rule, and who approved them. */
export function toDecisionData(
  { review, selected, denied, overBudget }: CommitProposal,
  answer: CommitAnswer | { readonly by: "nobody"; readonly why: string },
): { readonly [key: string]: JsonValue } {
  const counts = new Map<string, number>();
  const items = [...review.items.filter(({ index }) => selected.has(index)), ...denied];
  for (const { decision } of items) {
    const key = `${decision.decision} ${decision.rule}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const over = overBudget.map(describeOverBudget);
  return {
    ...{ answer: { ...answer }, decisions: Object.fromEntries(counts) },
    ...(over.length === 0 ? {} : { overBudget: over }),
  };
}

/** Puts on record that a commit was not approved: nothing was written. */
export function logRefusal(controller: Controller, proposal: CommitProposal, why: string): void {
  controller.store.appendAudit({
    event: "commit.refused",
    session: proposal.review.record.session,
    digest: proposal.digest,
    data: toDecisionData(proposal, { by: "nobody", why }),
  });
}
