import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { LimitReport, Outcome, SandboxSpec } from "../core/sandbox-spec.js";
import type { Engine, RunningSandbox, SandboxGateway, TerminalSize } from "../engine/engine.js";
import type { Controller } from "./controller.js";
import { StopWish } from "./stop-wish.js";
import type { BudgetWatch } from "./watch-budgets.js";

/** A task's streams and what a person does meanwhile, as the command line (or a service) has them. */
export interface TaskIo {
  readonly stdin: Readable | "inherit" | "none";
  readonly stdout: Writable | "inherit";
  readonly stderr: Writable | "inherit";
  readonly terminalSize: TerminalSize | undefined;
  /** Calls back until the returned function is called: a signal to pass on (number), a new size. */
  watch(listener: {
    signal: (signal: number) => void;
    resize: (size: TerminalSize) => void;
  }): () => void;
}

/** What a finished task left to say. */
export interface TaskEnd {
  readonly outcome: Outcome;
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  readonly durationMs: number;
  /** Resolves when nothing of the sandbox is left on the host; the task itself is gone already. */
  readonly cleaned: Promise<void>;
}

/** Signals that a person sends again when the first did nothing. */
const INSISTING = new Set([2, 15]);

/**
 * Starts `spec`, passes streams and signals, keeps the output, and waits until nothing of the sandbox
 * is left. Throws `sandbox-unavailable` where it could not be made.
 */
export async function superviseTask(
  controller: Controller,
  task: {
    readonly engine: Engine;
    readonly spec: SandboxSpec;
    readonly session: SessionId;
    readonly revision: number;
    readonly io: TaskIo;
    readonly gateway?: SandboxGateway;
    /** Writes down that the task is about to begin; if it throws, the task does not. */
    readonly log: () => void;
    /** Called when the task has begun: while it runs there is time. What it returns lives as long as the task. */
    readonly meanwhile: (running: RunningSandbox) => Promise<BudgetWatch | undefined> | undefined;
  },
): Promise<TaskEnd> {
  const { engine, spec, session, revision, io } = task;
  const { store } = controller;
  const scratchDir = path.join(store.sessionDir(session), "scratch");
  mkdirSync(scratchDir, { mode: 0o700, recursive: true });
  using log = store.openOutputLog(session);
  using wish = new StopWish(() => store.isStopAsked(session, revision));
  const started = performance.now();
  const removeScratch = (): void => rmSync(scratchDir, { recursive: true, force: true });
  try {
    // The engine has work of its own before it lets a task begin: what has to be on record is written in that time.
    const abort = new AbortController();
    const starting = engine.start(spec, {
      abort: abort.signal,
      scratchDir,
      sandboxId: session,
      io: {
        stdin: io.stdin,
        stdout: io.stdout,
        stderr: io.stderr,
        onOutput: (stream, chunk) => log.append(stream, chunk),
      },
      ...(task.gateway === undefined ? {} : { gateway: task.gateway }),
      ...(io.terminalSize === undefined ? {} : { terminalSize: io.terminalSize }),
    });
    const running = await abortable(starting, { io, abort, log: task.log, wish });
    const outcome = await watched(running, { io, wish, watching: task.meanwhile(running) }).catch(
      (error: unknown) => {
        throw new LostTask(running.runtime, error);
      },
    );
    const durationMs = Math.round(performance.now() - started);
    const cleaned = Promise.resolve(running[Symbol.asyncDispose]()).finally(removeScratch);
    cleaned.catch(() => undefined);
    return {
      outcome,
      runtime: running.runtime,
      limits: running.limits,
      durationMs,
      cleaned,
    };
  } catch (error) {
    // What a lost task left may be found again only by what lies there.
    if (!(error instanceof LostTask)) removeScratch();
    throw error;
  } finally {
    store.clearStop(session, revision);
  }
}

/** A task that began and whose end was not seen: what it left must be kept. `cause` is why. */
export class LostTask extends Error {
  readonly runtime: string;

  constructor(runtime: string, cause: unknown) {
    super("the end of the task was not seen", { cause });
    this.runtime = runtime;
  }
}

/** Signals that end a program which does nothing about them. */
const ENDING: ReadonlySet<number> = new Set([1, 2, 3, 15]);

/** Until the task begins a signal is for us: it never begins then. A second one ends us as it always does. */
async function abortable(
  starting: Promise<RunningSandbox>,
  o: {
    readonly io: TaskIo;
    readonly log: () => void;
    readonly abort: AbortController;
    readonly wish: StopWish;
  },
): Promise<RunningSandbox> {
  const abort = (how: string): void =>
    o.abort.abort(
      new SandboxError(
        "sandbox-unavailable",
        `${how} before the task began: nothing has run, nothing is kept`,
      ),
    );
  o.wish.onceThere(() => abort("stopped"));
  const stopWatching = o.io.watch({
    signal: (signal) => {
      if (!ENDING.has(signal)) return;
      stopWatching();
      abort("interrupted");
    },
    resize: () => {},
  });
  try {
    await logOrAbort(starting, o);
    return await starting;
  } catch (error) {
    o.abort.signal.throwIfAborted();
    throw error;
  } finally {
    stopWatching();
  }
}

/** What could not be recorded is not carried out. */
async function logOrAbort(
  starting: Promise<RunningSandbox>,
  o: { readonly log: () => void; readonly abort: AbortController },
): Promise<void> {
  try {
    o.log();
  } catch (error) {
    o.abort.abort(error);
    await starting.then(
      (running) => running[Symbol.asyncDispose](),
      () => undefined,
    );
    throw error;
  }
}

/** Until the end of the task, and of what watches it. */
async function watched(
  running: RunningSandbox,
  {
    io,
    wish,
    watching,
  }: {
    readonly io: TaskIo;
    readonly wish: StopWish;
    readonly watching: Promise<BudgetWatch | undefined> | undefined;
  },
): Promise<Outcome> {
  wish.onceThere(() => running.stop("stopped by sandbox stop"));
  if (watching === undefined) return await waitFor(running, io, () => false);
  let watch: BudgetWatch | undefined;
  const coming = watching.then((one) => {
    watch = one;
  });
  const isFrozen = (): boolean => watch?.isFrozen === true;
  const { stdin } = io;
  const typed = (chunk: Uint8Array): void => {
    if (isFrozen() && chunk.includes(CTRL_C)) running.stop(ENDED_FROZEN);
  };
  // Typed on a terminal it is no signal to us, and the task cannot take it.
  const isTyped = io.terminalSize !== undefined && typeof stdin !== "string";
  if (isTyped) stdin.on("data", typed);
  try {
    return await waitFor(running, io, isFrozen);
  } finally {
    if (isTyped) stdin.off("data", typed);
    await coming;
    await watch?.[Symbol.asyncDispose]();
  }
}

const CTRL_C = 3;
const ENDED_FROZEN = "interrupted while it was frozen";

/**
 * Signals go to the task; the second of a kind ends everything, and the first one does where the task is frozen and cannot hear it. One that asks it to
 * end does so after the grace that `stop` gives too: whoever sent it (timeout(1), systemd, a closed terminal) sends no other.
 */
async function waitFor(
  running: RunningSandbox,
  io: TaskIo,
  isFrozen: () => boolean,
): Promise<Outcome> {
  const seen = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const stopWatching = io.watch({
    signal: (signal) => {
      const name = ASKING.get(signal);
      if (ENDING.has(signal) && isFrozen()) running.stop(ENDED_FROZEN);
      else if (INSISTING.has(signal) && seen.has(signal)) running.stop("interrupted twice");
      else running.signal(signal);
      seen.add(signal);
      if (name !== undefined)
        timer ??= setTimeout(() => running.kill(`it did not end at ${name}`), GRACE_MS).unref();
    },
    resize: (size) => running.resize(size),
  });
  try {
    return await running.wait();
  } finally {
    clearTimeout(timer);
    stopWatching();
  }
}

/** Signals that ask a program to end, where nobody sits who could insist. */
const ASKING: ReadonlyMap<number, string> = new Map([
  [1, "SIGHUP"],
  [15, "SIGTERM"],
]);
/** As that of `RunningSandbox.stop`. */
const GRACE_MS = 2000;
