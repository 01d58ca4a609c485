import { setTimeout as delay } from "node:timers/promises";
import type { SendBudget } from "../../core/profile.js";
import type { ByteGate, Send, SendVerdict } from "../../core/send.js";
import type { SessionRecord } from "../../core/session.js";
import { describeSendsOver, type SendsOver } from "../../policy/budgets/judge-sends.js";
import { renderPlace } from "../../core/render-place.js";
import type { AskingController } from "../approvals/asking-controller.js";
import { SendMeter, type Taken } from "./send-meter.js";

/** A place in the budget, or why there is none. */
export type Admitted = { readonly taken: Taken } | { readonly reason: string };

/** The budget of sends of one task. */
export class SendsDesk {
  readonly #controller: AskingController;
  readonly #record: Pick<SessionRecord, "session" | "revision">;
  readonly #budget: SendBudget;
  readonly #meter: SendMeter;
  /** How often each host (or all, `""`) was let go on. */
  readonly #rounds = new Map<string, number>();

  constructor(
    controller: AskingController,
    record: Pick<SessionRecord, "session" | "revision">,
    budget: SendBudget,
  ) {
    this.#controller = controller;
    this.#record = record;
    this.#budget = budget;
    this.#meter = new SendMeter(budget);
  }

  /** Waits as the budget says: for the time to pass, or for an answer. Rejects with the signal's reason. */
  async admit(send: Send, abort: AbortSignal): Promise<Admitted> {
    for (;;) {
      const took = this.#meter.take(send.host);
      if ("taken" in took) return took;
      const reason = await this.#await(send, took.over, abort);
      if (reason !== undefined) return { reason };
    }
  }

  /** Holds back what one send has too much, whatever it had when it began. Undefined: its bytes have no budget. */
  gateFor(send: Send, taken: Taken): ByteGate | undefined {
    if (this.#budget.bytes === undefined) return undefined;
    const pass = async (bytes: number, abort: AbortSignal): Promise<string | undefined> => {
      for (;;) {
        const over = taken.grow(bytes);
        if (over === undefined) return undefined;
        const reason = await this.#await(send, over, abort);
        if (reason !== undefined) return reason;
      }
    };
    return (bytes, abort) => (taken.grow(bytes) === undefined ? undefined : pass(bytes, abort));
  }

  /** Undefined: it is worth another try. */
  async #await(send: Send, over: SendsOver, abort: AbortSignal): Promise<string | undefined> {
    const reason = describeSendsOver(this.#budget, over, send.host);
    if (this.#budget.over === "deny") return reason;
    if (this.#budget.over === "slow" && over.roomInMs !== undefined)
      await delay(over.roomInMs, undefined, { signal: abort });
    else if (!(await this.#ask(send, reason, abort))) return `${reason}; not approved`;
    return undefined;
  }

  /** True: what was sent so far no longer counts. All that wait for the same answer go on together. */
  async #ask(send: Send, reason: string, abort: AbortSignal): Promise<boolean> {
    const host = this.#budget.by === undefined ? "" : send.host;
    const round = this.#rounds.get(host) ?? 0;
    const { settleSends } = await import("../approvals/settle-sends.js");
    const method = send.method === undefined ? "" : `${send.method} `;
    const { state } = await settleSends(
      this.#controller,
      {
        ...{ session: this.#record.session, revision: this.#record.revision },
        ...{ budget: this.#budget, host, round, reason },
        waiting: `${method}${renderPlace(send.host, send.port)}`,
      },
      abort,
    );
    if (state !== "approved") return false;
    if ((this.#rounds.get(host) ?? 0) === round) {
      this.#rounds.set(host, round + 1);
      this.#meter.reset(host);
    }
    return true;
  }
}

/** An allowed send with what holds its bytes back; any other as it is. */
export function withGate(verdict: SendVerdict, gate: ByteGate | undefined): SendVerdict {
  return gate === undefined || verdict.decision === "deny" ? verdict : { ...verdict, gate };
}
