import type { SendBudget } from "../../core/profile.js";
import { judgeSends, type SendsOver } from "../../policy/budgets/judge-sends.js";
import { SendWindow } from "../../policy/budgets/send-window.js";

/** What of one budget has been used up by one task. Times are of `performance.now()`. */
export class SendMeter {
  readonly #budget: SendBudget;
  readonly #windows = new Map<string, SendWindow>();

  constructor(budget: SendBudget) {
    this.#budget = budget;
  }

  /** Counts one more towards `host` where it has room, in one step: no other comes in between. Else says why not. */
  take(host: string): { readonly taken: Taken } | { readonly over: SendsOver } {
    const key = this.#budget.by === undefined ? "" : host;
    const now = performance.now();
    const window = this.#windowOf(key);
    const over = judgeSends(this.#budget, window.countAt(now), now);
    return over === undefined ? { taken: this.#toTaken(key, now) } : { over };
  }

  #toTaken(key: string, began: number): Taken {
    let window = this.#windowOf(key);
    let send = window.add(began);
    let grown = 0;
    const { requests: _, ...ofBytes } = this.#budget;
    return {
      grow: (bytes) => {
        const now = performance.now();
        const current = this.#windowOf(key);
        const over = judgeSends(ofBytes, current.countAt(now), now);
        if (over !== undefined) return over;
        if (current !== window || !send.counts) {
          // Its beginning no longer counts; what it still sends does.
          window = current;
          send = window.add(now);
        }
        window.grow(send, bytes);
        grown += bytes;
        return undefined;
      },
      sent: (bytes) => {
        window.grow(send, Math.max(0, bytes - grown));
        grown = Math.max(grown, bytes);
      },
    };
  }

  /** Somebody let it go on: what was sent so far no longer counts. */
  reset(host: string): void {
    this.#windows.delete(this.#budget.by === undefined ? "" : host);
  }

  #windowOf(key: string): SendWindow {
    const known = this.#windows.get(key) ?? new SendWindow(this.#budget);
    this.#windows.set(key, known);
    return known;
  }
}

/** A place in the budget. */
export interface Taken {
  /** Counts bytes that are about to go, where there is room for any; else says why not. What goes then may be more than there was room for by that much. */
  grow(bytes: number): SendsOver | undefined;
  /** Says how many bytes it took in all. */
  sent(bytes: number): void;
}
