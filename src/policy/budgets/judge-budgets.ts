import type { EffectCount, Effects } from "../../core/effects.js";
import type { Budgets, EffectBudget } from "../../core/profile.js";

/** A budget that a commit would go over. */
export interface OverBudgetItem {
  readonly effect: keyof Effects;
  readonly unit: "files" | "bytes";
  readonly per: EffectBudget["per"];
  readonly over: EffectBudget["over"];
  readonly limit: number;
  /** Of it, what somebody granted a running task beyond the profile's. */
  readonly granted?: number;
  /** By earlier commits that count. */
  readonly spent: number;
  /** By this one. */
  readonly asked: number;
}

/**
 * The budgets that `asked` would go over, with what earlier commits did: `spent` says it for the session (`run`) and for the times. A
 * commit without an effect goes over nothing, whatever was spent.
 */
export function judgeBudgets(
  budgets: Budgets,
  asked: Effects,
  spent: (per: EffectBudget["per"]) => Effects,
): readonly OverBudgetItem[] {
  return (["delete", "overwrite"] as const).flatMap((effect) => {
    const budget = budgets[effect];
    if (budget === undefined) return [];
    const { per, over } = budget;
    const before: EffectCount = spent(per)[effect];
    return (["files", "bytes"] as const).flatMap((unit) => {
      const limit = budget[unit];
      const own = asked[effect][unit];
      if (limit === undefined || own === 0 || before[unit] + own <= limit) return [];
      return [{ effect, unit, per, over, limit, spent: before[unit], asked: own }];
    });
  });
}

const VERBS = { delete: "deletes", overwrite: "overwrites" } as const;

/** One budget that is gone over, for a person. */
export function describeOverBudget(item: OverBudgetItem): string {
  const { effect, unit, per, limit, granted = 0, spent, asked } = item;
  const more = granted > 0 ? `, and ${granted} more were approved` : "";
  const before = spent > 0 ? ` after ${spent} before` : "";
  return `${VERBS[effect]} ${asked} ${unit}${before}; the budget is ${limit - granted} per ${per}${more}`;
}
