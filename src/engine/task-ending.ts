import type { Outcome } from "../core/sandbox-spec.js";

/** How a task is told to end. */
interface TaskEnds {
  /** Asks: the task may clean up. */
  readonly ask: () => void;
  /** Ends everything at once. */
  readonly kill: () => void;
  readonly abort: AbortSignal | undefined;
}

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 2000;

/** What ends a running task before it ends by itself, and the outcome that then counts: the first reason does. */
export class TaskEnding implements Disposable {
  readonly #ends: TaskEnds;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #onAbort = (): void => this.end({ outcome: "interrupted", reason: "aborted" });
  #outcome: Outcome | undefined;

  constructor(ends: TaskEnds) {
    this.#ends = ends;
  }

  /** Undefined while nothing of ours has ended it. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** From now on, and at once where it has been aborted. */
  followAbort(): void {
    const { abort } = this.#ends;
    if (abort?.aborted === true) this.#onAbort();
    abort?.addEventListener("abort", this.#onAbort);
  }

  /** Asks the task to end, then ends it. */
  end(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    this.#ends.ask();
    this.after(GRACE_MS, this.#ends.kill);
  }

  /** Ends everything at once. */
  killNow(outcome: Outcome): void {
    this.note(outcome);
    this.#ends.kill();
  }

  /** What counts where nothing else does yet. */
  note(outcome: Outcome): void {
    this.#outcome ??= outcome;
  }

  /** A timer alone must not keep the process here: what there is to end has a connection or a socket that does. */
  after(milliseconds: number, act: () => void): void {
    this.#timers.push(setTimeout(act, milliseconds).unref());
  }

  [Symbol.dispose](): void {
    this.#ends.abort?.removeEventListener("abort", this.#onAbort);
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
