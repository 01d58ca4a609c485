import type { Change } from "../core/change.js";
import { addEffects, type Effects, NO_EFFECTS } from "../core/effects.js";
import type { EffectBudget } from "../core/profile.js";
import type { CommitRecord, SessionRecord } from "../core/session.js";
import { toWindowMs } from "../policy/budgets/budget-window.js";
import { countEffects } from "../policy/budgets/count-effects.js";
import { judgeBudgets, type OverBudgetItem } from "../policy/budgets/judge-budgets.js";
import type { Controller } from "./controller.js";
import { readSessionProfile } from "./session-profile.js";

/**
 * The budgets of the session's profile that a commit of `changes` would go over. What the session's own commits did counts `per: run`; what
 * all commits of this user did in the last minute, hour or day counts for these. What was rolled back stays counted.
 */
export async function findOverBudget(
  { store }: Pick<Controller, "store">,
  record: SessionRecord,
  changes: readonly Change[],
): Promise<readonly OverBudgetItem[]> {
  const budgets = readSessionProfile(record)?.budgets ?? {};
  if (budgets.delete === undefined && budgets.overwrite === undefined) return [];
  return judgeBudgets(budgets, countEffects(changes), await readSpent({ store }, record));
}

/** What commits did that count against the budgets of `record`'s session, by what a budget is per. */
export async function readSpent(
  { store }: Pick<Controller, "store">,
  { session }: Pick<SessionRecord, "session">,
): Promise<(per: EffectBudget["per"]) => Effects> {
  const { commits } = await store.listCommits();
  const now = Date.now();
  return (per) => sumEffects(commits.filter((commit) => counts(commit, { per, session, now })));
}

function counts(
  commit: CommitRecord,
  at: {
    readonly per: EffectBudget["per"];
    readonly session: SessionRecord["session"];
    readonly now: number;
  },
): boolean {
  if (commit.undoes !== undefined || commit.state === "undone") return false;
  const window = toWindowMs(at.per);
  if (window === undefined) return commit.session === at.session;
  return Date.parse(commit.createdAt) > at.now - window;
}

function sumEffects(commits: readonly CommitRecord[]): Effects {
  return commits.reduce((sum, { effects }) => addEffects(sum, effects ?? NO_EFFECTS), NO_EFFECTS);
}
