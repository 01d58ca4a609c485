import type { SendBudget } from "../../core/profile.js";
import { toWindowMs } from "./budget-window.js";
import type { CountedSends, SendCount } from "./judge-sends.js";

/** One thing that was sent, or is being, in a window. */
export interface WindowedSend extends SendCount {
  bytes: number;
  /** False: its beginning is too long ago. */
  counts: boolean;
}

/** So many that no longer count are let go of together. */
const MOST_DROPPED = 1024;

/**
 * What was sent and counts against a budget, as sums: to ask costs the same however much was sent. Times are milliseconds of a clock that does not go
 * back.
 */
export class SendWindow {
  /** Undefined: all of it counts to the end, and is kept as sums alone. */
  readonly #ms: number | undefined;
  readonly #sends: WindowedSend[] = [];
  #first = 0;
  #requests = 0;
  #bytes = 0;

  constructor({ per }: Pick<SendBudget, "per">) {
    this.#ms = toWindowMs(per);
  }

  /** What counts at `now`. */
  countAt(now: number): CountedSends {
    this.#drop(now);
    return {
      requests: this.#requests,
      bytes: this.#bytes,
      list: () => this.#sends.slice(this.#first),
    };
  }

  /** One more, which has sent nothing yet. */
  add(now: number): WindowedSend {
    const send = { at: now, bytes: 0, counts: true };
    this.#requests++;
    if (this.#ms !== undefined) this.#sends.push(send);
    return send;
  }

  /** `send`, which was added here, sends so many bytes more. */
  grow(send: WindowedSend, bytes: number): void {
    send.bytes += bytes;
    if (send.counts) this.#bytes += bytes;
  }

  #drop(now: number): void {
    if (this.#ms === undefined) return;
    for (;;) {
      const oldest = this.#sends[this.#first];
      if (oldest === undefined || oldest.at > now - this.#ms) break;
      oldest.counts = false;
      this.#requests--;
      this.#bytes -= oldest.bytes;
      this.#first++;
    }
    if (this.#first < MOST_DROPPED || this.#first * 2 < this.#sends.length) return;
    this.#sends.splice(0, this.#first);
    this.#first = 0;
  }
}
