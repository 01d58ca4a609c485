import { rmdirSync } from "node:fs";
import path from "node:path";
import type { Readable, Writable } from "node:stream";
import { SandboxError, hasErrno } from "../../core/error.js";
import type { LimitReport, Outcome, SandboxSpec } from "../../core/sandbox-spec.js";
import type { StageProcess } from "../../host/spawn-stage.js";
import type { RunningSandbox, SandboxIo, StartOptions, TerminalSize } from "../engine.js";
import { encodeFrame, FrameReader } from "./encode-frame.js";

/** What `followStage` needs. */
export interface FollowStageInput {
  readonly child: StageProcess;
  readonly spec: SandboxSpec;
  readonly options: StartOptions;
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
}

/** Time between SIGTERM and SIGKILL. */
const GRACE_MS = 2000;

/** Relays the streams of a stage and tells when its task has begun and ended. Throws where the sandbox could not be made. */
export async function followStage(input: FollowStageInput): Promise<RunningSandbox> {
  const sandbox = new RunningStage(input);
  await sandbox.begun;
  return sandbox;
}

class RunningStage implements RunningSandbox {
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  readonly begun: Promise<void>;
  readonly #child: StageProcess;
  readonly #outcome: Promise<Outcome>;
  #ending: Outcome | undefined;
  #grace: NodeJS.Timeout | undefined;
  #timeout: NodeJS.Timeout | undefined;

  constructor(input: FollowStageInput) {
    this.runtime = input.runtime;
    this.limits = input.limits;
    this.#child = input.child;
    const answers = new StageAnswers(input.child);
    relayStreams(input.child, input.options.io);
    this.begun = answers.begun;
    this.#outcome = this.#finish(answers, input.options.scratchDir);
    this.#outcome.catch(() => {});
    this.#startTimeout(input.spec.limits.timeoutMs);
    input.options.abort?.addEventListener("abort", () => this.stop("aborted"), { once: true });
  }

  wait(): Promise<Outcome> {
    return this.#outcome;
  }

  signal(signal: number): void {
    this.#child.control.write(encodeFrame(["signal", String(signal)]));
  }

  resize(size: TerminalSize): void {
    this.#child.control.write(encodeFrame(["resize", String(size.columns), String(size.rows)]));
  }

  stop(reason: string): void {
    this.#end({ outcome: "interrupted", reason });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#outcome.catch(() => {});
  }

  #startTimeout(timeoutMs: number | undefined): void {
    if (timeoutMs === undefined) return;
    this.#timeout = setTimeout(() => this.#end({ outcome: "timed-out" }), timeoutMs);
  }

  #end(outcome: Outcome): void {
    if (this.#ending !== undefined) return;
    this.#ending = outcome;
    this.signal(15);
    this.#grace = setTimeout(() => this.#child.kill(), GRACE_MS);
  }

  async #finish(answers: StageAnswers, scratchDir: string): Promise<Outcome> {
    await this.#child.closed;
    clearTimeout(this.#timeout);
    clearTimeout(this.#grace);
    removeMountpoint(scratchDir);
    return (
      this.#ending ??
      answers.outcome ?? { outcome: "interrupted", reason: "the sandbox was killed" }
    );
  }
}

/** What the stage says on its socket. */
class StageAnswers {
  readonly begun: Promise<void>;
  outcome: Outcome | undefined;
  #failure: string | undefined;
  #begin: () => void = () => {};

  constructor(child: StageProcess) {
    const reader = new FrameReader();
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      void child.closed.then(() => {
        if (this.#failure === undefined) resolve();
        else reject(new SandboxError("sandbox-unavailable", this.#failure));
      });
    });
    child.control.on("data", (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#hear(frame.map((field) => field.toString()));
    });
  }

  #hear([verb, ...args]: readonly string[]): void {
    switch (verb) {
      case "begun":
        this.#begin();
        return;
      case "missing":
        this.outcome = toMissing(args);
        return;
      case "error":
        this.#failure ??= args[0] ?? "";
        return;
      case "exit":
        this.#failure ??= toFailure(args);
        this.outcome ??= toOutcome(args);
    }
  }
}

function toMissing([code, reason]: readonly string[]): Outcome {
  return { outcome: "not-started", code: code === "126" ? 126 : 127, reason: reason ?? "" };
}

/** Why the runtime did not bring the task up, from its log; undefined where it did. */
function toFailure([, , begun, log]: readonly string[]): string | undefined {
  return begun === "1" || log === undefined || log === "" ? undefined : log.trim().split("\n")[0];
}

function toOutcome([signal, code]: readonly string[]): Outcome {
  if (signal !== "0") return { outcome: "signalled", signal: Number(signal) };
  return { outcome: "exited", code: Number(code) };
}

function relayStreams(child: StageProcess, io: SandboxIo): void {
  if (child.stdin !== null) feed(io.stdin, child.stdin);
  relay("stdout", child.stdout, io);
  relay("stderr", child.stderr, io);
}

function feed(source: SandboxIo["stdin"], stdin: Writable): void {
  if (source === "none") stdin.end();
  else (source === "inherit" ? process.stdin : source).pipe(stdin);
}

function relay(name: "stdout" | "stderr", from: Readable | null, io: SandboxIo): void {
  if (from === null) return;
  const to = io[name] === "inherit" ? process[name] : io[name];
  from.on("data", (chunk: Buffer) => {
    io.onOutput?.(name, chunk);
    if (!to.write(chunk)) {
      from.pause();
      to.once("drain", () => from.resume());
    }
  });
}

function removeMountpoint(scratchDir: string): void {
  try {
    rmdirSync(path.join(scratchDir, "stage"));
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
}
