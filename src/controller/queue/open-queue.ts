import { EventEmitter } from "node:events";
import PQueue from "p-queue";
import type { ActionDraft, ActionRecord, ActionResult } from "../../core/action.js";
import type { ActionId, SessionId } from "../../core/ids.js";
import type { Ledger } from "../../store/ledger/open-ledger.js";
import type { ActionWatch } from "./carry-out-action.js";
import { FairLine, type Weight } from "./fair-line.js";
import { CANCELLED, LATE, toEndResult, toEndState, type WhyEnded } from "./end-of-action.js";
import { createLineQueue, type LineOptions } from "./line-queue.js";

type Actions = Ledger["actions"];

/** The one place where actions wait and from which they are carried out. */
export interface ActionQueue {
  /** It is in the ledger when this resolves. Those of one moment share a transaction. */
  submit(draft: ActionDraft): Promise<ActionRecord>;
  /** Ends one that waits, or asks a task that runs to end. False where it has ended, or where it only touches files: that is short. */
  cancel(id: ActionId): boolean;
  /** Emits `change` with each record that became another one. */
  readonly changes: EventEmitter<{ change: [ActionRecord] }>;
  /** How many wait and how many run. */
  readonly load: { readonly waiting: number; readonly running: number };
  /** Begins nothing more, and waits until what runs has ended; after `graceMs` that is ended. */
  close(graceMs: number): Promise<void>;
}

/** What a queue needs. */
export interface QueueOptions {
  readonly actions: Actions;
  readonly capacity: Weight;
  readonly weigh: (request: ActionRecord["request"]) => Weight;
  /** What could not even be written down: it is found as it was at the next start. */
  readonly onError: (error: unknown) => void;
  readonly carryOut: (
    request: ActionRecord["request"],
    watch: ActionWatch,
  ) => Promise<ActionResult>;
}

/** Attempts at what could not begin because something was busy, and the pauses before them. */
const RETRY_MS = [250, 500, 1000];

interface Running {
  readonly isTask: boolean;
  readonly abort: AbortController;
  /** Why it was asked to end. */
  why?: WhyEnded;
}

/**
 * Opens the queue over what the ledger holds: what was running when the last one was killed is `interrupted`, never run again; what waited
 * goes on, in its order. An action is claimed in the ledger before it begins, so that none is carried out twice.
 */
export function openQueue(options: QueueOptions): ActionQueue {
  return new Queue(options);
}

class Queue implements ActionQueue {
  readonly changes = new EventEmitter<{ change: [ActionRecord] }>();
  readonly #options: QueueOptions;
  readonly #line: FairLine;
  readonly #queue: PQueue<ReturnType<typeof createLineQueue>["prototype"], LineOptions>;
  readonly #running = new Map<ActionId, Running>();
  readonly #deadlines = new Map<ActionId, NodeJS.Timeout>();
  #isClosing = false;
  #batch: Submitted[] = [];

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#line = new FairLine(options.capacity);
    this.#queue = new PQueue({ queueClass: createLineQueue(this.#line) });
    // One that ended may have made room for several.
    this.#queue.on("next", () => this.#pump());
    this.changes.setMaxListeners(0);
    options.actions.interruptRunning();
    for (const record of options.actions.list({ states: ["queued"] })) this.#enqueue(record);
  }

  get load(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#line.length, running: this.#running.size };
  }

  async submit(draft: ActionDraft): Promise<ActionRecord> {
    // Before anything is accepted: what cannot be weighed cannot be run.
    this.#options.weigh(draft.request);
    return await new Promise((resolve, reject) => {
      if (this.#batch.length === 0) setImmediate(() => this.#accept());
      this.#batch.push({ draft, resolve, reject });
    });
  }

  cancel(id: ActionId): boolean {
    if (this.#line.remove(id)) {
      this.#end(id, "cancelled", CANCELLED);
      this.#pump();
      return true;
    }
    return this.#ask(id, "cancelled");
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#queue.pause();
    for (const timer of this.#deadlines.values()) clearTimeout(timer);
    const timer = setTimeout(() => {
      for (const id of this.#running.keys()) this.#ask(id, "closing");
    }, graceMs);
    while (this.#running.size > 0)
      await new Promise((resolve) => this.#queue.once("next", resolve));
    clearTimeout(timer);
  }

  #accept(): void {
    const batch = this.#batch;
    this.#batch = [];
    try {
      const records = this.#options.actions.add(batch.map(({ draft }) => draft));
      for (const [at, record] of records.entries()) {
        this.#enqueue(record);
        this.changes.emit("change", record);
        batch[at]?.resolve(record);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  #enqueue(record: ActionRecord): void {
    const { action, submitter, priority, request, deadline, keys } = record;
    if (deadline !== undefined) this.#watchDeadline(action, deadline);
    const entry = {
      ...{ action, submitter, priority, keys },
      weight: this.#options.weigh(request),
    };
    this.#queue.add(() => this.#carryOut(action), { entry }).catch(this.#options.onError);
  }

  #pump(): void {
    if (!this.#isClosing) this.#queue.concurrency = Number.POSITIVE_INFINITY;
  }

  async #carryOut(id: ActionId): Promise<void> {
    try {
      const { actions } = this.#options;
      if (!actions.claim(id)) return;
      const record = actions.read(id);
      const isTask = record.request.kind === "run" || record.request.kind === "exec";
      const running: Running = { isTask, abort: new AbortController() };
      this.#running.set(id, running);
      this.changes.emit("change", record);
      const result = await this.#attempt(record, running);
      this.#end(id, toEndState(result, running.why), toEndResult(result, running.why));
    } finally {
      this.#running.delete(id);
      this.#line.release(id);
    }
  }

  /** What was busy has not begun: only that is tried again. */
  async #attempt(record: ActionRecord, { abort }: Running): Promise<ActionResult> {
    const { carryOut, actions } = this.#options;
    let isBegun = false;
    const onSession = (session: SessionId): void => {
      isBegun = true;
      actions.noteSession(record.action, session);
    };
    for (let attempt = 0; ; attempt += 1) {
      const result = await carryOut(record.request, {
        ...{ submitter: record.submitter, signal: abort.signal, onSession },
      });
      const pause = RETRY_MS[attempt];
      const mayRetry = result.error?.code === "busy" && !isBegun && !abort.signal.aborted;
      if (!mayRetry || pause === undefined) return result;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  #ask(id: ActionId, why: WhyEnded): boolean {
    const running = this.#running.get(id);
    if (running?.isTask !== true) return false;
    running.why ??= why;
    running.abort.abort();
    return true;
  }

  #watchDeadline(id: ActionId, deadline: string): void {
    const left = Date.parse(deadline) - Date.now();
    const timer = setTimeout(
      () => {
        // Timers reach no further than 24 days.
        if (Date.parse(deadline) > Date.now()) this.#watchDeadline(id, deadline);
        else if (this.#line.remove(id)) {
          this.#end(id, "failed", LATE);
          this.#pump();
        } else this.#ask(id, "late");
      },
      Math.max(0, Math.min(left, 2 ** 31 - 1)),
    );
    timer.unref();
    this.#deadlines.set(id, timer);
  }

  #end(id: ActionId, state: ReturnType<typeof toEndState>, result: ActionResult): void {
    clearTimeout(this.#deadlines.get(id));
    this.#deadlines.delete(id);
    const { actions } = this.#options;
    if (actions.end(id, { state, result })) this.changes.emit("change", actions.read(id));
  }
}

interface Submitted {
  readonly draft: ActionDraft;
  readonly resolve: (record: ActionRecord) => void;
  readonly reject: (error: unknown) => void;
}
