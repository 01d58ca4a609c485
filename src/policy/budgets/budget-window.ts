import type { EffectBudget } from "../../core/profile.js";

/** How long what was done counts against a budget over time, in milliseconds. */
export const WINDOW_MS: Readonly<Record<Exclude<EffectBudget["per"], "run">, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};
