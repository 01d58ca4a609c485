import type { SendBudget } from "../../core/profile.js";
import {
  countingSends,
  judgeSends,
  type SendCount,
  type SendsOver,
} from "../../policy/budgets/judge-sends.js";

/** What of one budget has been used up by one task. Times are of `performance.now()`. */
export class SendMeter {
  readonly #budget: SendBudget;
  readonly #counts = new Map<string, SendCount[]>();

  constructor(budget: SendBudget) {
    this.#budget = budget;
  }

  /** Counts one more towards `host` where it has room, in one step: no other comes in between. Else says why not. */
  take(host: string): { readonly taken: Taken } | { readonly over: SendsOver } {
    const key = this.#budget.by === undefined ? "" : host;
    const now = performance.now();
    const counts = [...countingSends(this.#budget, this.#counts.get(key) ?? [], now)];
    const over = judgeSends(this.#budget, counts, now);
    if (over !== undefined) return { over };
    const count = { at: now, bytes: 0 };
    counts.push(count);
    this.#counts.set(key, counts);
    return {
      taken: {
        sent: (bytes) => {
          count.bytes = bytes;
        },
      },
    };
  }

  /** Somebody let it go on: what was sent so far no longer counts. */
  reset(host: string): void {
    this.#counts.delete(this.#budget.by === undefined ? "" : host);
  }
}

/** A place in the budget. */
export interface Taken {
  /** Says how many bytes it took. */
  sent(bytes: number): void;
}
