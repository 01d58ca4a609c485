import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../../core/error.js";
import type { LimitReport, Outcome, SandboxSpec } from "../../core/sandbox-spec.js";
import type { StageProcess } from "../../host/spawn-stage.js";
import type { RunningSandbox, TerminalSize } from "../engine.js";
import { toMemoryEnd, withMemoryKills } from "../memory-kills.js";
import { TaskEnding } from "../task-ending.js";
import type { StageChannel } from "./stage-channel.js";
import type { TaskStreams } from "./task-streams.js";
import { watchUppers } from "./watch-uppers.js";

/** What a `RunningStage` is made of. */
export interface RunningStageInput {
  readonly child: StageProcess;
  readonly channel: StageChannel;
  readonly streams: TaskStreams;
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  /** Of the task's processes, when it has ended. */
  readonly countMemoryKills: () => number;
  readonly spec: Pick<SandboxSpec, "limits" | "mounts">;
  readonly abort: AbortSignal | undefined;
  /** Whatever was made for this sandbox and must go when it has ended. */
  readonly cleanUp: () => void | Promise<void>;
}

/** Time a stage has to kill its sandbox and to see it gone; a stage that does not is killed itself. */
const KILL_MS = 5000;
/** More time than any runtime takes to begin. */
const START_MS = 60_000;
const POLL_MS = 5;
const SIGTERM = 15;

/** A task in its sandbox, from the moment its plan was sent. */
export class RunningStage implements RunningSandbox {
  readonly runtime: string;
  limits: readonly LimitReport[];
  readonly uppers = "here";
  readonly #input: RunningStageInput;
  readonly #ended: Promise<Outcome>;
  readonly #watch: Disposable;
  readonly #ending: TaskEnding;

  constructor(input: RunningStageInput) {
    this.#input = input;
    this.#ending = new TaskEnding({
      ask: () => this.signal(SIGTERM),
      kill: () => this.#kill(),
      abort: input.abort,
    });
    this.runtime = input.runtime;
    this.limits = input.limits;
    this.#ended = this.#followToEnd();
    this.#ended.catch(() => {});
    const { spec } = input;
    const { timeoutMs, upperBytes } = spec.limits;
    this.#watch = watchUppers({
      uppers: spec.mounts.flatMap((mount) => (mount.kind === "overlay" ? [mount.upper] : [])),
      maximum: upperBytes,
      onExceeded: (reason) => this.#ending.killNow({ outcome: "interrupted", reason }),
    });
    if (timeoutMs !== undefined) this.#limitTime(timeoutMs);
    this.#ending.followAbort();
    void input.channel.moved.then(() =>
      this.#ending.killNow({
        outcome: "interrupted",
        reason: "it went on by itself while it was to be at rest",
      }),
    );
  }

  /** The task's time begins with the task, whatever its runtime takes to come up; a runtime that hangs is ended too. */
  #limitTime(milliseconds: number): void {
    const ending = this.#ending;
    ending.afterOwn(milliseconds + START_MS, () => ending.killNow({ outcome: "timed-out" }));
    const startClock = () =>
      ending.afterOwn(milliseconds, () => ending.end({ outcome: "timed-out" }));
    this.#input.channel.begun.then(startClock, () => {});
  }

  /** Rejects, when all of it is gone, where the task could not begin. */
  get begun(): Promise<void> {
    return this.#input.channel.begun.catch(async (error: unknown) => {
      await this.#ended;
      throw error;
    });
  }

  wait(): Promise<Outcome> {
    return this.#ended;
  }

  signal(signal: number): void {
    this.#input.channel.send("signal", String(signal));
  }

  resize({ columns, rows }: TerminalSize): void {
    this.#input.channel.send("resize", String(columns), String(rows));
  }

  stop(reason: string): void {
    this.#ending.end({ outcome: "interrupted", reason });
  }

  kill(reason: string): void {
    this.#ending.killNow({ outcome: "interrupted", reason });
  }

  async pause(): Promise<void> {
    this.#ending.pause();
    await this.#hold("pause");
  }

  async resume(): Promise<void> {
    await this.#hold("resume");
    this.#ending.resume();
  }

  async #hold(verb: "pause" | "resume"): Promise<void> {
    const problem = await this.#input.channel.hold(verb);
    if (problem === "") return;
    throw new SandboxError("sandbox-unavailable", `the task cannot be ${verb}d: ${problem}`, {
      hint: "end it: Ctrl-C twice, or kill the process that runs it",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill();
    await this.#ended.catch(() => {});
    await this.#input.child.waitClosed();
    this.#ending[Symbol.dispose]();
  }

  #kill(): void {
    this.#input.channel.send("kill");
    this.#ending.after(KILL_MS, () => this.#input.child.kill());
  }

  async #followToEnd(): Promise<Outcome> {
    const { child, channel, streams, spec, countMemoryKills, cleanUp } = this.#input;
    await channel.over;
    this.#watch[Symbol.dispose]();
    this.#ending[Symbol.dispose]();
    streams.release();
    await seeGone(channel.pid);
    await streams.drained;
    // Only its mounts are left, and they go with the stage: until somebody disposes of it, it need not be waited for.
    child.release();
    const kills = countMemoryKills();
    this.limits = withMemoryKills(this.limits, kills);
    await cleanUp();
    return (
      this.#ending.outcome ??
      toMemoryEnd(channel.outcome, spec.limits, kills) ?? {
        outcome: "interrupted",
        reason: "the sandbox was killed from outside",
      }
    );
  }
}

/** Where the stage was killed before it saw its pid 1 gone: the kernel is about to kill that too, and all below it. */
async function seeGone(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  for (let waited = 0; existsSync(`/proc/${pid}`) && waited < KILL_MS; waited += POLL_MS)
    await delay(POLL_MS);
}
