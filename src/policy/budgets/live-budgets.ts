import type { Effects } from "../../core/effects.js";
import type { Budgets, EffectBudget } from "../../core/profile.js";
import { judgeBudgets, type OverBudgetItem } from "./judge-budgets.js";

/** What a look at a running task leads to. */
export type LiveVerdict =
  /** Within its budgets, or no longer destroying: a commit is held where it is over them. */
  | { readonly verdict: "go-on"; readonly isOver: boolean }
  /** It has gone over them and on. `hold`: somebody decides. `deny`: it ends. */
  | { readonly verdict: "hold" | "deny"; readonly over: readonly OverBudgetItem[] };

/** Time a task has, from the moment it was seen over a budget, to stop destroying. */
const TOLERANCE_MS = 2000;

/** The budgets of one running task: told again and again what it has destroyed. */
export class LiveBudgets {
  readonly #original: Budgets;
  #budgets: Budgets;
  #crossedAt: number | undefined;
  #seen = 0;

  constructor(budgets: Budgets) {
    this.#original = budgets;
    this.#budgets = budgets;
  }

  /** `spent` as in `judgeBudgets`; `now` in milliseconds of any clock that never goes back. */
  judge(
    asked: Effects,
    { spent, now }: { readonly spent: (per: EffectBudget["per"]) => Effects; readonly now: number },
  ): LiveVerdict {
    const over = this.find(asked, spent);
    const before = this.#seen;
    this.#seen = over.reduce((sum, item) => sum + item.asked, 0);
    if (over.length === 0) {
      this.#crossedAt = undefined;
      return { verdict: "go-on", isOver: false };
    }
    this.#crossedAt ??= now;
    const goesOn = this.#seen > before && now - this.#crossedAt >= TOLERANCE_MS;
    return goesOn ? { verdict: toVerdict(over), over } : { verdict: "go-on", isOver: true };
  }

  /** What it is over with `asked`, whether it goes on or not. */
  find(asked: Effects, spent: (per: EffectBudget["per"]) => Effects): readonly OverBudgetItem[] {
    return judgeBudgets(this.#budgets, asked, spent).map((item) => {
      const granted = item.limit - (this.#original[item.effect]?.[item.unit] ?? item.limit);
      return granted > 0 ? { ...item, granted } : item;
    });
  }

  /** Somebody let it go on: what it has done is granted, and as much again as each budget gives. */
  release(over: readonly OverBudgetItem[]): void {
    for (const { effect, unit, spent, asked } of over) {
      const [budget, original] = [this.#budgets[effect], this.#original[effect]];
      if (budget === undefined || original === undefined) continue;
      const limit = spent + asked + (original[unit] ?? 0);
      this.#budgets = { ...this.#budgets, [effect]: { ...budget, [unit]: limit } };
    }
    this.#crossedAt = undefined;
  }
}

/** The strictest of all that were gone over. None is `slow`: a profile that says so of these effects is refused (`findUnenforced`). */
function toVerdict(over: readonly OverBudgetItem[]): "hold" | "deny" {
  return over.some((item) => item.over === "deny") ? "deny" : "hold";
}
