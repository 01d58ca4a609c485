/** Between two looks. */
const LOOK_MS = 250;

/** Looks whether somebody has asked that a task end (`askStop`), as long as it is not disposed of. */
export class StopWish implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #act: (() => void) | undefined;

  constructor(isThere: () => boolean) {
    this.#timer = setInterval(() => {
      if (this.#act === undefined || !isThere()) return;
      const act = this.#act;
      this.#act = undefined;
      act();
    }, LOOK_MS);
    // The task keeps the process here, this does not.
    this.#timer.unref();
  }

  /** What is to be done, once, when it is there; instead of what was said before. */
  onceThere(act: () => void): void {
    this.#act = act;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
