import type { QueueAddOptions } from "p-queue";
import type { FairLine, LineEntry } from "./fair-line.js";

/** What goes with an action into p-queue. */
export interface LineOptions extends QueueAddOptions {
  readonly entry: LineEntry;
}

type Run = () => Promise<unknown>;

/**
 * `line` as p-queue wants a queue: p-queue asks only for as many as there are by `size`, so that is one where something may start now, and
 * none where all wait for others.
 */
export function createLineQueue(line: FairLine) {
  return class LineQueue {
    get size(): number {
      return line.hasNext ? 1 : 0;
    }

    enqueue(run: Run, options?: Partial<LineOptions>): void {
      if (options?.entry === undefined) throw new Error("an action in line has its entry");
      line.add(options.entry, run);
    }

    dequeue(): Run | undefined {
      return line.take();
    }

    filter(): Run[] {
      return [];
    }

    setPriority(): void {
      throw new Error("the order of actions is that of the line");
    }
  };
}
