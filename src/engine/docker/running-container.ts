import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../../core/error.js";
import type { LimitReport, Outcome, SandboxSpec } from "../../core/sandbox-spec.js";
import type { RunningSandbox, TerminalSize } from "../engine.js";
import { toMemoryEnd, withMemoryKills } from "../memory-kills.js";
import { TaskEnding } from "../task-ending.js";
import type { ContainerLayers } from "./container-layers.js";
import { countMemoryKills, toOutcome } from "./container-end.js";
import type { ContainerStreams } from "./container-streams.js";
import { isRefusal } from "./daemon-error.js";
import type { Daemon } from "./open-daemon.js";
import { pick, pickNumber } from "./parse-answer.js";
import { removeContainer } from "./remove-container.js";
import { type LayersWatch, watchLayers } from "./watch-layers.js";

/** What a `RunningContainer` is made of. */
export interface RunningContainerInput {
  readonly daemon: Daemon;
  readonly container: string;
  readonly streams: ContainerStreams;
  readonly layers: ContainerLayers;
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  readonly spec: Pick<SandboxSpec, "limits" | "mounts">;
  readonly abort: AbortSignal | undefined;
}

const SIGTERM = 15;
const SIGKILL = 9;

/** A task in its container, from the moment it was started. */
export class RunningContainer implements RunningSandbox {
  readonly runtime: string;
  limits: readonly LimitReport[];
  readonly uppers: RunningSandbox["uppers"];
  readonly #input: RunningContainerInput;
  readonly #ended: Promise<Outcome>;
  readonly #watch: LayersWatch;
  readonly #ending: TaskEnding;
  #isOver = false;
  #mayBePaused = false;
  #work: Promise<void> = Promise.resolve();

  constructor(input: RunningContainerInput) {
    this.#input = input;
    this.#ending = new TaskEnding({
      ask: () => this.signal(SIGTERM),
      kill: () => this.#kill(),
      abort: input.abort,
    });
    this.runtime = input.runtime;
    this.limits = input.limits;
    this.uppers = input.layers.readUsage === undefined ? "here" : "elsewhere";
    this.#ended = this.#followToEnd();
    this.#ended.catch(() => {});
    const { timeoutMs } = input.spec.limits;
    this.#watch = watchLayers(input, (reason) =>
      this.#ending.killNow({ outcome: "interrupted", reason }),
    );
    if (timeoutMs !== undefined)
      this.#ending.afterOwn(timeoutMs, () => this.#ending.end({ outcome: "timed-out" }));
    this.#ending.followAbort();
  }

  wait(): Promise<Outcome> {
    return this.#ended;
  }

  /** Work that disposal waits for; its failing matters to nobody. */
  until(work: Promise<void>): void {
    this.#work = work.catch(() => {});
  }

  signal(signal: number): void {
    if (this.#isOver) return;
    this.#tell("kill", { signal }, "send a signal");
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.#isOver) return;
    this.#tell("resize", { h: rows, w: columns }, "resize the terminal");
  }

  stop(reason: string): void {
    this.#ending.end({ outcome: "interrupted", reason });
  }

  kill(reason: string): void {
    this.#ending.killNow({ outcome: "interrupted", reason });
  }

  async pause(): Promise<void> {
    this.#ending.pause();
    this.#mayBePaused = true;
    await this.#hold("pause", "pause the task");
  }

  async resume(): Promise<void> {
    await this.#hold("unpause", "let the task go on");
    this.#mayBePaused = false;
    this.#ending.resume();
  }

  /** Paused already, or not paused, is 409 as an end meanwhile is (moby, `daemon/pause.go`): the container's state tells them apart. */
  async #hold(verb: "pause" | "unpause", doing: string): Promise<void> {
    if (this.#isOver) return;
    const { daemon, container } = this.#input;
    const path = `/containers/${container}`;
    try {
      await daemon.request({ method: "POST", path: `${path}/${verb}`, doing, tolerate: [404] });
    } catch (error) {
      if (this.#isOver) return;
      const state = pick(
        await daemon.request({ method: "GET", path: `${path}/json`, doing, tolerate: [404] }),
        "State",
      );
      const isAtRest = pick(state, "Running") !== true || pick(state, "Paused") === true;
      if (verb === "pause" ? isAtRest : pick(state, "Paused") !== true) return;
      throw error;
    }
  }

  /** Some runtimes deliver it only when what is frozen thaws: it then dies before it does anything else. */
  #kill(): void {
    if (this.#isOver) return;
    const { daemon, container } = this.#input;
    const tell = (verb: string, query: Readonly<Record<string, number>>): Promise<unknown> =>
      daemon
        .request({ method: "POST", path: `/containers/${container}/${verb}`, query, doing: verb })
        .catch(() => {});
    const killed = tell("kill", { signal: SIGKILL });
    if (this.#mayBePaused) void killed.then(() => tell("unpause", {}));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#kill();
    // Where the end was not seen, the daemon may still have the only copy of what the task did.
    const isBroughtBack = await this.#ended.then(
      () => true,
      () => false,
    );
    await this.#work;
    await this.#watch.settled();
    if (isBroughtBack) await this.#input.layers.remove();
  }

  /** A container that has just ended takes none of it, and a daemon that is lost is seen by the wait. */
  #tell(verb: string, query: Readonly<Record<string, number>>, doing: string): void {
    const { daemon, container } = this.#input;
    daemon
      .request({ method: "POST", path: `/containers/${container}/${verb}`, query, doing })
      .catch(() => {});
  }

  async #followToEnd(): Promise<Outcome> {
    const { streams } = this.#input;
    try {
      const code = await this.#waitForExit();
      this.#isOver = true;
      streams.release();
      await streams.drained;
      const outcome = await this.#toMemoryEnd(toOutcome(code));
      await this.#bringBack();
      return this.#ending.outcome ?? outcome;
    } finally {
      this.#isOver = true;
      streams.release();
      streams.close();
      this.#watch[Symbol.dispose]();
      this.#ending[Symbol.dispose]();
    }
  }

  /** Before the container is removed. */
  async #toMemoryEnd(outcome: Outcome): Promise<Outcome> {
    const { spec } = this.#input;
    const kills = await countMemoryKills(this.#input, outcome);
    this.limits = withMemoryKills(this.limits, kills);
    return toMemoryEnd(outcome, spec.limits, kills) ?? outcome;
  }

  /** A daemon that is stopped ends its tasks, answers that, and is gone: where it is back in a while, that is the outcome. */
  async #bringBack(): Promise<void> {
    const { daemon, container, layers } = this.#input;
    const tryIt = async (): Promise<void> => {
      // With the container go its mounts: nothing writes to the layers any more, whatever the runtime still does.
      await removeContainer(daemon, container);
      await layers.bringBack();
    };
    try {
      await tryIt();
    } catch (error) {
      if (isRefusal(error) || !isLost(error) || !(await isBack(daemon, container))) throw error;
      this.#ending.note(BROKEN);
      await tryIt();
    }
  }

  /** The exit code; where the daemon went away and came back, that it did is the outcome. */
  async #waitForExit(): Promise<number> {
    const { daemon, container } = this.#input;
    try {
      return await waitForContainer(daemon, container);
    } catch (error) {
      if (!(await isBack(daemon, container))) throw error;
      // Where only the connection broke it still runs, and its output would never end.
      await removeContainer(daemon, container);
      this.#ending.note(BROKEN);
      return 0;
    }
  }
}

const BROKEN: Outcome = {
  outcome: "interrupted",
  reason: "the connection to the Docker daemon broke while the task ran",
};

/** Of the daemon, not of what was brought. */
function isLost(error: unknown): boolean {
  return error instanceof SandboxError && error.code === "sandbox-unavailable";
}

async function waitForContainer(daemon: Daemon, container: string): Promise<number> {
  const answer = await daemon.request({
    method: "POST",
    path: `/containers/${container}/wait`,
    doing: "wait for the task",
    mayTakeLong: true,
  });
  return pickNumber(answer, "StatusCode");
}

const BACK_MS = 5000;
const POLL_MS = 200;
/** Whether a daemon that went away answers again in a while. Its containers' streams are lost then. */
async function isBack(daemon: Daemon, container: string): Promise<boolean> {
  for (let waited = 0; waited < BACK_MS; waited += POLL_MS) {
    await delay(POLL_MS);
    const path = `/containers/${container}/json`;
    const answer = await daemon
      .request({ method: "GET", path, doing: "look at the container", tolerate: [404] })
      .then(
        () => true,
        () => false,
      );
    if (answer) return true;
  }
  return false;
}
