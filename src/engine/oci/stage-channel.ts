import { SandboxError } from "../../core/error.js";
import type { Outcome } from "../../core/sandbox-spec.js";
import type { StageProcess } from "../../host/spawn-stage.js";
import { encodeFrame, FrameReader } from "./encode-frame.js";

/** The talk with a stage: what it says becomes promises, one for each step of its life. */
export class StageChannel {
  /** Descriptors of the pipes it offers, in the order asked for. */
  readonly pipes: Promise<readonly number[]>;
  /** The task has begun. Rejects with `sandbox-unavailable` where it could not; resolves where it is missing. */
  readonly begun: Promise<void>;
  /** Pid 1 of the sandbox has been reaped, so that its PID namespace is empty; or the stage has died. */
  readonly over: Promise<void>;
  /** Something of the task went on by itself while all of it was to be at rest. */
  readonly moved: Promise<void>;
  /** What became of the task, as far as the stage has said. */
  outcome: Outcome | undefined;
  /** Host id of pid 1 of the sandbox, until it is known to be gone. */
  pid: number | undefined;
  /** A compiled filter, where one was asked for. */
  filter: Buffer | undefined;

  readonly #child: StageProcess;
  /** Of questions, in the order asked. */
  readonly #asked: ((answer: string) => void)[] = [];
  #failure: string | undefined;
  #offer: (descriptors: readonly number[]) => void = () => {};
  #begin: () => void = () => {};
  #finish: () => void = () => {};
  #move: () => void = () => {};

  constructor(child: StageProcess) {
    this.#child = child;
    this.over = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.moved = new Promise((resolve) => {
      this.#move = resolve;
    });
    this.pipes = new Promise((resolve, reject) => {
      this.#offer = resolve;
      void child.closed.then(() => reject(this.#toError("the stage ended at once")));
    });
    this.begun = new Promise((resolve, reject) => {
      this.#begin = resolve;
      void this.over.then(() => {
        if (this.outcome !== undefined && this.#failure === undefined) resolve();
        else reject(this.#toError("the sandbox was killed while it was made"));
      });
    });
    void child.closed.then(() => this.#finish());
    this.pipes.catch(() => {});
    this.begun.catch(() => {});
    const reader = new FrameReader();
    child.control.on("data", (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) this.#hear(frame);
    });
  }

  /** Sends the plan, or any other frame that is encoded already. */
  sendFrame(frame: Uint8Array): void {
    if (this.#child.control.writable) this.#child.control.write(frame);
  }

  send(...fields: readonly string[]): void {
    this.sendFrame(encodeFrame(fields));
  }

  /** Has the stage do something that takes a moment; resolves with what went wrong, "" for nothing, also where all is over. */
  async hold(verb: "pause" | "resume"): Promise<string> {
    const answer = new Promise<string>((resolve) => {
      this.#asked.push(resolve);
    });
    this.send(verb);
    return await Promise.race([answer, this.over.then(() => "")]);
  }

  #toError(otherwise: string): SandboxError {
    return new SandboxError("sandbox-unavailable", this.#failure ?? otherwise, {
      hint: "`sandbox doctor` says what works on this host, and how to mend what does not",
    });
  }

  #hear([verb, ...args]: readonly Buffer[]): void {
    const text = args.map((field) => field.toString());
    switch (verb?.toString()) {
      case "pipes":
        this.#offer(text.map(Number));
        return;
      case "pid":
        this.pid = Number(text[0]);
        return;
      case "begun":
        this.#begin();
        return;
      case "held":
        this.#asked.shift()?.(text[0] ?? "");
        return;
      case "moved":
        this.#move();
        return;
      case "missing":
        this.outcome = toMissing(text);
        return;
      case "filter":
        this.filter = args[0] === undefined ? undefined : Buffer.from(args[0]);
        return;
      case "error":
        this.#failure ??= text[0] ?? "";
        return;
      case "exit":
        this.#hearExit(text);
    }
  }

  #hearExit(text: readonly string[]): void {
    this.pid = undefined;
    this.outcome ??= toOutcome(text);
    if (this.outcome.outcome !== "not-started") this.#failure ??= toFailure(text);
    this.#finish();
  }
}

function toMissing([code, reason]: readonly string[]): Outcome {
  return { outcome: "not-started", code: code === "126" ? 126 : 127, reason: reason ?? "" };
}

/** Why the runtime did not bring the task up; undefined where it did. Its log holds nothing else. */
function toFailure([signal, code, begun, log]: readonly string[]): string | undefined {
  if (begun === "1") return undefined;
  const line = log?.trim().split("\n")[0] ?? "";
  const message = /msg"?[=:]"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
  if (message !== "") return message;
  return signal === "0"
    ? `the runtime gave up with code ${code}`
    : `the runtime died of signal ${signal}`;
}

/**
 * The init of a sandbox says 128 and the number where a signal ended the task. A task that exits with such a code itself
 * means the same by it, as shells do; the exit code of the command line is equal either way.
 */
const SIGNAL_BASE = 128;
const LAST_SIGNAL = 31;

function toOutcome([signal, code]: readonly string[]): Outcome {
  if (signal !== "0") return { outcome: "signalled", signal: Number(signal) };
  const own = Number(code);
  const ended = own - SIGNAL_BASE;
  if (ended >= 1 && ended <= LAST_SIGNAL) return { outcome: "signalled", signal: ended };
  return { outcome: "exited", code: own };
}
