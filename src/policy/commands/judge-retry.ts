import type { Budgets, Verdict } from "../../core/profile.js";

/** What a budget of retries says of a command. */
interface RetryAnswer {
  readonly decision: Verdict;
  readonly rule: "budgets.retry";
  readonly reason: string;
}

/**
 * What becomes of a command that has failed `failures` times one after the other, the same words each time; undefined where that is
 * within the budget, or there is none.
 */
export function judgeRetry(budget: Budgets["retry"], failures: number): RetryAnswer | undefined {
  if (budget === undefined || failures < budget.same_command_failures) return undefined;
  return {
    decision: budget.over === "deny" ? "deny" : "ask",
    rule: "budgets.retry",
    reason: `the same command has failed ${failures} time${failures === 1 ? "" : "s"} in a row`,
  };
}
