import { createHash } from "node:crypto";
import { toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import { type Digest, toDigest } from "../core/ids.js";
import { findEffect } from "../policy/budgets/count-effects.js";
import { describeOverBudget } from "../policy/budgets/judge-budgets.js";
import type { CommitProposal } from "./propose-commit.js";
import { neutraliseName } from "../review/neutralise.js";

/** What a release of a budget is bound to: exactly these changes, and exactly what they go over. */
export function toBudgetDigest({ review, plan, overBudget }: CommitProposal): Digest {
  const lines = overBudget.map(
    ({ effect, unit, per, limit }) => `${effect} ${unit} ${per} ${limit}`,
  );
  const text = ["budget", review.record.session, toChangesetDigest(plan.changes), ...lines];
  return toDigest(
    createHash("sha256")
      .update(text.map((line) => `${line}\n`).join(""))
      .digest("hex"),
  );
}

/** Whether nobody can release it. */
export function isDeniedOverBudget({ overBudget }: CommitProposal): boolean {
  return overBudget.some(({ over }) => over === "deny");
}

/**
 * Holds a commit that goes over a budget, unless `released` is of exactly it. Throws `denied` with the whole list of what would be destroyed:
 * nothing was written.
 */
export function refuseOverBudget(proposal: CommitProposal, released: Digest | undefined): void {
  if (proposal.overBudget.length === 0) return;
  if (!isDeniedOverBudget(proposal) && released === toBudgetDigest(proposal)) return;
  throw toOverBudget(proposal, { hint: toReleaseHint(proposal) });
}

/** For where nobody is asked: `--yes` neither releases a budget nor asks anybody to. */
function toReleaseHint({ review }: CommitProposal): string {
  const commit = `sandbox commit ${review.record.session}`;
  return `look at the list, then: ${commit} --yes --over-budget; or less of it by PATH; or ${commit} without --yes, which asks (a terminal, or sandbox approvals)`;
}

/** The error for a commit that goes over a budget; `also`: what else is in its way. */
export function toOverBudget(
  proposal: CommitProposal,
  { hint, also }: { readonly hint: string; readonly also?: string },
): SandboxError {
  const why = proposal.overBudget.map(describeOverBudget).join("; ");
  const more = also === undefined ? "" : `; ${also}`;
  return new SandboxError("denied", `over budget: ${why}${more}; nothing was written`, {
    list: listDestroyed(proposal),
    hint: isDeniedOverBudget(proposal) ? "the profile denies it: commit less of it by PATH" : hint,
  });
}

/** Everything that counts against a budget that is gone over, a line each. */
export function listDestroyed({ plan, overBudget }: CommitProposal): readonly string[] {
  const effects = new Set<string>(overBudget.map(({ effect }) => effect));
  return plan.changes.flatMap((change) => {
    const effect = findEffect(change);
    if (effect === undefined || !effects.has(effect)) return [];
    return [`${effect} ${neutraliseName(change.path)} (${change.before?.size ?? 0} bytes)`];
  });
}
