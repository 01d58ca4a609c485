import type { LimitReport, Outcome } from "../../core/sandbox-spec.js";
import type { RunningSandbox } from "../engine.js";

/** A sandbox whose task did not begin: there is nothing to signal any more. */
export class EndedContainer implements RunningSandbox {
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  readonly uppers = "elsewhere";
  readonly #running: RunningSandbox;
  readonly #outcome: Outcome;

  constructor(running: RunningSandbox, outcome: Outcome) {
    this.runtime = running.runtime;
    this.limits = running.limits;
    this.#running = running;
    this.#outcome = outcome;
  }

  async wait(): Promise<Outcome> {
    return this.#outcome;
  }

  signal(): void {}

  resize(): void {}

  stop(): void {}

  kill(): void {}

  async pause(): Promise<void> {}

  async resume(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/**
 * A container that was started, or may have been, and whose end cannot be seen: waiting rejects, so that what it did is kept for
 * `settle`. Nothing is removed here.
 */
export function toLostContainer(runtime: string, error: unknown): RunningSandbox {
  return {
    runtime,
    limits: [],
    uppers: "elsewhere",
    wait: () => Promise.reject(error),
    signal: () => {},
    resize: () => {},
    stop: () => {},
    kill: () => {},
    pause: () => Promise.reject(error),
    resume: () => Promise.reject(error),
    [Symbol.asyncDispose]: async () => {},
  };
}
