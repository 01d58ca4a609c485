import { setTimeout as delay } from "node:timers/promises";
import type { Approval } from "../core/approval.js";
import type { AuditEntry } from "../core/audit-entry.js";
import { addEffects, type Effects, NO_EFFECTS } from "../core/effects.js";
import type { Budgets } from "../core/profile.js";
import type { SessionRecord } from "../core/session.js";
import type { RunningSandbox } from "../engine/engine.js";
import { type LiveEffects, openLiveEffects } from "../overlay/live-effects.js";
import { describeOverBudget, type OverBudgetItem } from "../policy/budgets/judge-budgets.js";
import { LiveBudgets } from "../policy/budgets/live-budgets.js";
import { askToGoOn } from "./approvals/live-budget-approval.js";
import type { Controller } from "./controller.js";
import { readSpent } from "./find-over-budget.js";

/** Watches a task that has a budget while it runs. Disposing of it ends the watch; a task that is frozen then stays so. */
export interface BudgetWatch extends AsyncDisposable {
  /** The task has been brought to a halt and somebody decides. */
  readonly isFrozen: boolean;
}

/** What is watched. */
export interface WatchedTask {
  /** As it stands on disk while the task runs. */
  readonly record: SessionRecord;
  readonly running: RunningSandbox;
  readonly budgets: Budgets;
  /** Nobody will answer: instead of being frozen it is ended. */
  readonly isUnattended: boolean;
}

/** Between two looks at a task that goes about its work, and at one that has nothing new to show for a while. */
const LOOK_MS = 250;
const REST_MS = 2000;
/** Work between two pauses, and the least of each pause: a look may take a tenth of one processor. */
const SLICE_MS = 4;
const SLICE_PAUSE_MS = 36;
const MOST_LISTED = 200;

/**
 * Watches what the task destroys, by what its upperdirs hide of the workspaces. One that still destroys a while after it went over a budget
 * is frozen, and a person decides; see `LiveBudgets`. Where it cannot be frozen, or that cannot be put on record, it is ended. A task
 * whose layers lie with a daemon elsewhere is not watched, which is said: a commit counts it all the same.
 */
export async function watchBudgets(
  controller: Controller,
  task: WatchedTask,
): Promise<BudgetWatch | undefined> {
  if (task.running.uppers === "here") {
    const native = await controller.host.native();
    const countsContent = task.budgets.overwrite !== undefined;
    const lives = task.record.layers.map((one) => openLiveEffects(one, { native, countsContent }));
    return new Watch(controller, task, lives);
  }
  controller.notice(
    "sandbox: what this task destroys is counted when it is committed, not while it runs: its layers lie with the daemon",
  );
  return undefined;
}

class Watch implements BudgetWatch {
  readonly #controller: Controller;
  readonly #task: WatchedTask;
  readonly #lives: readonly LiveEffects[];
  readonly #budgets: LiveBudgets;
  readonly #stop = new AbortController();
  readonly #over: Promise<void>;
  #isFrozen = false;

  constructor(controller: Controller, task: WatchedTask, lives: readonly LiveEffects[]) {
    this.#controller = controller;
    this.#task = task;
    this.#lives = lives;
    this.#budgets = new LiveBudgets(task.budgets);
    this.#over = this.#watch().catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      // Nobody watches any more: what it does would go unseen.
      const why = error instanceof Error ? error.message : String(error);
      task.running.stop(`its budget could not be watched: ${why}`);
    });
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#over;
  }

  async #watch(): Promise<void> {
    const { record } = this.#task;
    let last = NO_EFFECTS;
    let spent = await readSpent(this.#controller, record);
    for (let pause = LOOK_MS; ; ) {
      await this.#rest(pause);
      const effects = await this.#look();
      const isQuiet = isEqual(effects, last);
      last = effects;
      pause = isQuiet ? Math.min(pause * 2, REST_MS) : LOOK_MS;
      const found = this.#budgets.judge(effects, { spent, now: performance.now() });
      if (found.verdict !== "go-on") {
        await this.#act(found.verdict, found.over);
        spent = await readSpent(this.#controller, record);
      }
      if (found.verdict !== "go-on" || found.isOver) pause = LOOK_MS;
    }
  }

  /** Timers alone must not keep the process here. */
  #rest(milliseconds: number): Promise<void> {
    return delay(milliseconds, undefined, { signal: this.#stop.signal, ref: false });
  }

  async #look(): Promise<Effects> {
    let sum = NO_EFFECTS;
    for (const live of this.#lives) sum = addEffects(sum, await this.#drive(live.look()));
    return sum;
  }

  /** In slices, so that the task's streams never wait for it. */
  async #drive(work: Generator<void, Effects>): Promise<Effects> {
    try {
      for (let until = performance.now() + SLICE_MS; ; ) {
        const { done, value } = work.next();
        if (done === true) return value;
        if (performance.now() < until) continue;
        await this.#rest(Math.max(SLICE_PAUSE_MS, (performance.now() - until) * 10));
        until = performance.now() + SLICE_MS;
      }
    } finally {
      work.return(NO_EFFECTS);
    }
  }

  async #act(verdict: "hold" | "deny", over: readonly OverBudgetItem[]): Promise<void> {
    const { running, isUnattended } = this.#task;
    const why = describe(over);
    if (verdict === "deny" || isUnattended) {
      this.#log("run.over-budget", { why, decision: "deny" });
      const by = verdict === "deny" ? "the profile denies it" : "nobody is there to decide";
      running.stop(`it ${why}, and ${by}`);
      return await this.#rest(REST_MS);
    }
    await this.#freeze(why);
  }

  async #freeze(why: string): Promise<void> {
    const { running, record } = this.#task;
    this.#log("run.freezing", { why });
    await running.pause();
    this.#isFrozen = true;
    // Nothing moves any more: what is asked about is what there is.
    const effects = await this.#look();
    const over = this.#budgets.find(effects, await readSpent(this.#controller, record));
    this.#log("run.frozen", { why: describe(over), ...toData(effects) });
    if (over.length === 0) return await this.#goOn(over, "it is within its budget again");
    const list = this.#lives.flatMap((live) => live.list(MOST_LISTED)).slice(0, MOST_LISTED);
    const asked = await askToGoOn(this.#controller, { record, over, list });
    const { approval } = asked;
    this.#controller.store.updateSession({ ...record, frozen: approval });
    this.#controller.notice(
      `sandbox: FROZEN: the task ${describe(over)}. Nothing real is gone. Let it go on: sandbox approve ${approval}; end it: sandbox deny ${approval}, or Ctrl-C`,
    );
    await this.#settle(await this.#waitFor(asked), over);
  }

  async #waitFor(asked: Approval): Promise<Approval> {
    using ledger = await this.#controller.store.openLedger();
    try {
      return await ledger.approvals.waitFor(asked.approval, this.#stop.signal);
    } catch (error) {
      // It was ended otherwise: an answer would mean nothing.
      if (this.#stop.signal.aborted) ledger.approvals.withdrawOne(asked.approval);
      throw error;
    }
  }

  async #settle(answered: Approval, over: readonly OverBudgetItem[]): Promise<void> {
    const { approval, state } = answered;
    if (state === "approved" && (await this.#use(answered)))
      return await this.#goOn(over, `${approval} was approved`);
    const reason = `it ${describe(over)}, and ${describeEnd(answered)}`;
    this.#log("run.ending", { why: reason });
    this.#task.running.stop(reason);
    // It is over in a moment, and with it this watch.
    await this.#rest(REST_MS);
  }

  async #goOn(over: readonly OverBudgetItem[], why: string): Promise<void> {
    const { running, record } = this.#task;
    this.#log("run.resumed", { why });
    this.#controller.store.updateSession(record);
    this.#budgets.release(over);
    await running.resume();
    this.#isFrozen = false;
    this.#controller.notice(`sandbox: ${why}: the task goes on`);
  }

  async #use({ approval }: Approval): Promise<boolean> {
    using ledger = await this.#controller.store.openLedger();
    return ledger.approvals.use(approval);
  }

  /** Durable, and before what it says is done. */
  #log(event: string, data: NonNullable<AuditEntry["data"]>): void {
    this.#controller.store.appendAudit({ event, session: this.#task.record.session, data });
  }
}

function describe(over: readonly OverBudgetItem[]): string {
  return over.map(describeOverBudget).join("; ");
}

function describeEnd({ approval, state, answers }: Approval): string {
  const denial = answers.find(({ answer }) => answer === "denied");
  if (denial === undefined) return `nobody approved ${approval} in time`;
  const note = denial.note === undefined ? "" : `: ${denial.note}`;
  return `${approval} was ${state} by ${denial.by.name}${note}`;
}

function toData(effects: Effects): NonNullable<AuditEntry["data"]> {
  return { delete: { ...effects.delete }, overwrite: { ...effects.overwrite } };
}

function isEqual(one: Effects, two: Effects): boolean {
  return (["delete", "overwrite"] as const).every(
    (key) => one[key].files === two[key].files && one[key].bytes === two[key].bytes,
  );
}
