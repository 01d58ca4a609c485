import { SandboxError } from "../core/error.js";
import type { CommitReport } from "./carry-out-commit.js";
import { describeItems } from "./describe-items.js";
import type { OpenCommit } from "./open-commit.js";
import { refuseOverBudget } from "./refuse-over-budget.js";
import type { ReviewedChange } from "./session-review.js";

/**
 * Commits by policy alone: everything that is pending, if policy allows every change of it. What policy asks about is denied, and nobody
 * is asked, not out of band either. A conflict comes back in the report. Throws `denied` naming what is not allowed: nothing was written.
 */
export async function commitAllowed(open: OpenCommit): Promise<CommitReport> {
  const { proposal } = open;
  if (proposal.plan.conflicts.length > 0) return await open.carryOut({ by: "policy" });
  const { items } = proposal.review;
  const denied = items.filter(({ decision }) => decision.decision === "deny");
  const asked = items.filter(({ decision }) => decision.decision === "ask");
  if (denied.length > 0) throw refuse("policy denies", denied);
  if (asked.length > 0) throw refuse("policy asks about, and nobody is there to approve", asked);
  refuseOverBudget(proposal, undefined);
  return await open.carryOut({ by: "policy" });
}

function refuse(what: string, items: readonly ReviewedChange[]): SandboxError {
  const rules = [...new Set(items.map(({ decision }) => decision.rule))].slice(0, MOST_RULES);
  return new SandboxError(
    "denied",
    `what ${what}: ${describeItems(items)} (${rules.join(", ")}); nothing was written`,
    { hint: "the session is kept; a profile's `changes` rules say what is allowed" },
  );
}

const MOST_RULES = 5;
