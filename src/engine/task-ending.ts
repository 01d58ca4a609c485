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
  readonly #clocks: PausableTimer[] = [];
  readonly #onAbort = (): void => this.end({ outcome: "interrupted", reason: "aborted" });
  #outcome: Outcome | undefined;
  #isPaused = false;

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

  /** Asks the task to end, then ends it. One that is paused cannot hear it, and must not go on to. */
  end(outcome: Outcome): void {
    if (this.#isPaused) this.killNow(outcome);
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

  /** Time of the task's own: what is paused does not spend it. */
  afterOwn(milliseconds: number, act: () => void): void {
    const clock = new PausableTimer(milliseconds, act);
    this.#clocks.push(clock);
    if (!this.#isPaused) clock.start();
  }

  /** The task is brought to a halt. */
  pause(): void {
    this.#isPaused = true;
    for (const clock of this.#clocks) clock.stop();
  }

  /** It goes on. */
  resume(): void {
    this.#isPaused = false;
    for (const clock of this.#clocks) clock.start();
  }

  [Symbol.dispose](): void {
    this.#ends.abort?.removeEventListener("abort", this.#onAbort);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const clock of this.#clocks) clock.stop();
  }
}

/** A timer that can be stopped and started again with the time it had left. */
class PausableTimer {
  readonly #act: () => void;
  #left: number;
  #startedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(milliseconds: number, act: () => void) {
    this.#left = milliseconds;
    this.#act = act;
  }

  start(): void {
    if (this.#timer !== undefined || this.#isOver) return;
    this.#startedAt = performance.now();
    const ring = (): void => {
      this.#isOver = true;
      this.#act();
    };
    this.#timer = setTimeout(ring, Math.max(0, this.#left)).unref();
  }

  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left -= performance.now() - this.#startedAt;
  }
}
