/** First in, first out, in constant time. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Drops the first. What lies before it is let go of in large pieces, so that each call costs the same on the whole. */
  shift(): void {
    if (this.#head >= this.#items.length) return;
    this.#head += 1;
    if (this.#head < 64 || this.#head * 2 < this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
