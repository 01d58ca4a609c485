import type { EffectBudget } from "../../core/profile.js";

const WINDOW_MS: Readonly<Record<Exclude<EffectBudget["per"], "run">, number>> = {
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
};

/** How long what was done counts against a budget, in milliseconds; undefined: to the end of the session. */
export function toWindowMs(per: EffectBudget["per"]): number | undefined {
  return per === "run" ? undefined : WINDOW_MS[per];
}
