import type { ActionId } from "../../core/ids.js";
import { Fifo } from "./fifo.js";

/** What an action takes of this machine while it runs. */
export interface Weight {
  readonly cpus: number;
  readonly memory: number;
}

/** An action that waits in line. */
export interface LineEntry {
  readonly action: ActionId;
  readonly submitter: string;
  readonly priority: number;
  readonly weight: Weight;
  /** What it writes to: of entries with a key in common, the later waits until the earlier has ended. */
  readonly keys: readonly string[];
}

type Start = () => Promise<unknown>;

interface Waiting {
  readonly entry: LineEntry;
  readonly start: Start;
  isReady: boolean;
  isGone: boolean;
}

/** Submitters of one priority, who take turns. */
interface Level {
  readonly priority: number;
  readonly turns: Fifo<string>;
  readonly bySubmitter: Map<string, Fifo<Waiting>>;
}

/**
 * Who goes next: the highest priority first, there one submitter after the other, of each the oldest; nothing that must wait for
 * an earlier action on the same thing; nothing beyond `capacity`. One that does not fit yet is not overtaken, so that many small ones
 * cannot starve it. Each call takes constant time, however many wait.
 */
export class FairLine {
  readonly #capacity: Weight;
  readonly #levels: Level[] = [];
  readonly #byKey = new Map<string, Fifo<Waiting>>();
  readonly #waiting = new Map<ActionId, Waiting>();
  readonly #running = new Map<ActionId, Waiting>();
  #used: Weight = { cpus: 0, memory: 0 };

  constructor(capacity: Weight) {
    this.#capacity = capacity;
  }

  /** How many wait, whether they could start or not. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Whether the next may start now. */
  get hasNext(): boolean {
    return this.#next() !== undefined;
  }

  add(entry: LineEntry, start: Start): void {
    const waiting = { entry, start, isReady: false, isGone: false };
    this.#waiting.set(entry.action, waiting);
    for (const key of entry.keys) {
      const line = this.#byKey.get(key) ?? new Fifo<Waiting>();
      this.#byKey.set(key, line);
      line.push(waiting);
    }
    if (this.#isFirst(waiting)) this.#makeReady(waiting);
  }

  /** The next one's start; its share of the machine is taken. */
  take(): Start | undefined {
    const next = this.#next();
    if (next === undefined) return undefined;
    const { level, waiting } = next;
    const { entry, start } = waiting;
    level.bySubmitter.get(entry.submitter)?.shift();
    level.turns.shift();
    level.turns.push(entry.submitter);
    this.#waiting.delete(entry.action);
    this.#running.set(entry.action, waiting);
    this.#used = plus(this.#used, this.#clamp(entry.weight), 1);
    return start;
  }

  /** One that waits goes; false where it does not wait. */
  remove(action: ActionId): boolean {
    const waiting = this.#waiting.get(action);
    if (waiting === undefined) return false;
    this.#waiting.delete(action);
    this.#leave(waiting);
    return true;
  }

  /** One that ran has ended: who waited for it may go. */
  release(action: ActionId): void {
    const ended = this.#running.get(action);
    if (ended === undefined) return;
    this.#running.delete(action);
    this.#used = plus(this.#used, this.#clamp(ended.entry.weight), -1);
    this.#leave(ended);
  }

  #leave(gone: Waiting): void {
    gone.isGone = true;
    for (const key of gone.entry.keys) {
      const line = this.#byKey.get(key);
      const first = line === undefined ? undefined : firstThere(line);
      if (first === undefined) this.#byKey.delete(key);
      else if (!this.#running.has(first.entry.action) && this.#isFirst(first))
        this.#makeReady(first);
    }
  }

  #isFirst(waiting: Waiting): boolean {
    return waiting.entry.keys.every((key) => {
      const line = this.#byKey.get(key);
      return line !== undefined && firstThere(line) === waiting;
    });
  }

  #makeReady(waiting: Waiting): void {
    if (waiting.isReady) return;
    waiting.isReady = true;
    const { submitter, priority } = waiting.entry;
    const level = this.#level(priority);
    const line = level.bySubmitter.get(submitter) ?? new Fifo<Waiting>();
    line.push(waiting);
    if (level.bySubmitter.has(submitter)) return;
    level.bySubmitter.set(submitter, line);
    level.turns.push(submitter);
  }

  #level(priority: number): Level {
    const known = this.#levels.find((level) => level.priority === priority);
    if (known !== undefined) return known;
    const level = { priority, turns: new Fifo<string>(), bySubmitter: new Map() };
    this.#levels.push(level);
    this.#levels.sort((a, b) => b.priority - a.priority);
    return level;
  }

  #next(): { readonly level: Level; readonly waiting: Waiting } | undefined {
    for (const level of this.#levels) {
      const waiting = nextOf(level);
      if (waiting === undefined) continue;
      return this.#fits(waiting.entry.weight) ? { level, waiting } : undefined;
    }
    return undefined;
  }

  #fits(weight: Weight): boolean {
    const after = plus(this.#used, this.#clamp(weight), 1);
    return after.cpus <= this.#capacity.cpus && after.memory <= this.#capacity.memory;
  }

  /** One that wants more than there is gets all. */
  #clamp({ cpus, memory }: Weight): Weight {
    return {
      cpus: Math.min(cpus, this.#capacity.cpus),
      memory: Math.min(memory, this.#capacity.memory),
    };
  }
}

/** The first of whoever's turn it is; submitters without any leave the ring. */
function nextOf({ turns, bySubmitter }: Level): Waiting | undefined {
  for (let submitter = turns.first; submitter !== undefined; submitter = turns.first) {
    const line = bySubmitter.get(submitter);
    const waiting = line === undefined ? undefined : firstThere(line);
    if (waiting !== undefined) return waiting;
    bySubmitter.delete(submitter);
    turns.shift();
  }
  return undefined;
}

/** What is gone is dropped when it comes to the front. */
function firstThere(line: Fifo<Waiting>): Waiting | undefined {
  while (line.first?.isGone === true) line.shift();
  return line.first;
}

function plus(a: Weight, b: Weight, sign: 1 | -1): Weight {
  return { cpus: a.cpus + sign * b.cpus, memory: a.memory + sign * b.memory };
}
