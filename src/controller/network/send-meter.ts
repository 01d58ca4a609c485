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
  readonly #counts = new Map<string, readonly SendCount[]>();

  constructor(budget: SendBudget) {
    this.#budget = budget;
  }

  /** Counts one more towards `host` where it has room, in one step: no other comes in between. Else says why not. */
  take(host: string): { readonly taken: Taken } | { readonly over: SendsOver } {
    const key = this.#budget.by === undefined ? "" : host;
    const now = performance.now();
    const counts = countingSends(this.#budget, this.#counts.get(key) ?? [], now);
    const over = judgeSends(this.#budget, counts, now);
    if (over !== undefined) return { over };
    const count = { at: now, bytes: 0 };
    this.#counts.set(key, [...counts, count]);
    return { taken: this.#toTaken(key, count) };
  }

  #toTaken(key: string, first: LiveCount): Taken {
    let count = first;
    let grown = 0;
    return {
      grow: (bytes) => {
        const now = performance.now();
        const counts = countingSends(this.#budget, this.#counts.get(key) ?? [], now);
        const { requests: _, ...ofBytes } = this.#budget;
        const over = judgeSends(ofBytes, counts, now);
        if (over !== undefined) return over;
        if (!counts.includes(count)) {
          // Its beginning no longer counts; what it still sends does.
          count = { at: now, bytes: 0 };
          this.#counts.set(key, [...counts, count]);
        }
        count.bytes += bytes;
        grown += bytes;
        return undefined;
      },
      sent: (bytes) => {
        count.bytes += Math.max(0, bytes - grown);
        grown = Math.max(grown, bytes);
      },
    };
  }

  /** Somebody let it go on: what was sent so far no longer counts. */
  reset(host: string): void {
    this.#counts.delete(this.#budget.by === undefined ? "" : host);
  }
}

/** One that is going on. */
interface LiveCount extends SendCount {
  bytes: number;
}

/** A place in the budget. */
export interface Taken {
  /** Counts bytes that are about to go, where there is room for any; else says why not. What goes then may be more than there was room for by that much. */
  grow(bytes: number): SendsOver | undefined;
  /** Says how many bytes it took in all. */
  sent(bytes: number): void;
}
