import { fstatSync, statSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { openPipeEnd, type StageProcess, type StreamMode } from "../../host/spawn-stage.js";
import type { SandboxIo } from "../engine.js";

/** How the streams of a task are made. */
export interface StreamPlan {
  /** Of the stage's descriptors 0, 1, 2. */
  readonly modes: readonly [StreamMode, StreamMode, StreamMode];
  /** Those for which the stage makes pipes: letters of `ioe`. */
  readonly pipes: string;
}

/**
 * A task gets none of node's own descriptors. Through `/proc/self/fd` a file or a pipe could be opened again for writing:
 * what a task wrote to the pipe a shell reads its script from would run on the host. A terminal could be read
 * and written beyond the task's part.
 */
export function planStreams(spec: SandboxSpec, io: SandboxIo): StreamPlan {
  if (spec.terminal) return { modes: ["pipe", "pipe", "ignore"], pipes: "" };
  const isEmpty = io.stdin === "none" || (io.stdin === "inherit" && isNullDevice(0));
  return { modes: ["ignore", "ignore", "ignore"], pipes: isEmpty ? "oe" : "oei" };
}

/** Where nothing will ever come from, no relay is needed. */
function isNullDevice(descriptor: number): boolean {
  const own = fstatSync(descriptor);
  const device = statSync("/dev/null");
  return own.isCharacterDevice() && own.rdev === device.rdev;
}

/** The relays of one task. */
export interface TaskStreams {
  /** Resolves when all output has been passed on. */
  readonly drained: Promise<void>;
  /** Lets go of the input, which nobody reads any more. */
  release(): void;
}

/** What `connectStreams` needs besides the two sides. */
export interface ConnectOptions {
  readonly plan: StreamPlan;
  readonly descriptors: readonly number[];
  /** Until then the error output is the runtime's, not the task's; it is lost where the task does not begin. */
  readonly begun: Promise<void>;
}

/** Connects `io` with a task whose stage offers `descriptors` for the pipes of `plan`. */
export function connectStreams(
  child: StageProcess,
  io: SandboxIo,
  { plan, descriptors, begun }: ConnectOptions,
): TaskStreams {
  const pipe = (letter: string): number | undefined => descriptors[plan.pipes.indexOf(letter)];
  const open = (letter: string): Readable | null => {
    const descriptor = pipe(letter);
    return descriptor === undefined ? null : openPipeEnd(child.pid, descriptor, "read");
  };
  const input = pipe("i");
  const stdin = input === undefined ? child.stdin : openPipeEnd(child.pid, input, "write");
  const release = stdin === null ? () => {} : feed(io.stdin, stdin);
  const outputs = [
    relay("stdout", child.stdout ?? open("o"), io),
    relayErrors(open("e"), io, begun),
  ];
  return { drained: Promise.all(outputs).then(() => {}), release };
}

async function relayErrors(
  from: Readable | null,
  io: SandboxIo,
  begun: Promise<void>,
): Promise<void> {
  try {
    await begun;
  } catch {
    from?.destroy();
    return;
  }
  await relay("stderr", from, io);
}

/** Passes `source` on to `stdin`. Returns what lets go of it. */
export function feed(source: SandboxIo["stdin"], stdin: Writable): () => void {
  if (source === "none") {
    stdin.end();
    return () => {};
  }
  const from = source === "inherit" ? process.stdin : source;
  from.pipe(stdin);
  return () => {
    from.unpipe(stdin);
    from.pause();
    if (source === "inherit") unrefInput();
    stdin.destroy();
  };
}

/** Node's own input no longer keeps it alive; where that is a file there is nothing to do. */
function unrefInput(): void {
  if (typeof process.stdin.unref === "function") process.stdin.unref();
}

/**
 * Passes output on. Where the reader has gone (`| head`) the task's pipe is closed, so that it ends as in a shell; a
 * destination that fails later loses the rest.
 */
export function relay(
  name: "stdout" | "stderr",
  from: Readable | null,
  io: SandboxIo,
): Promise<void> {
  if (from === null || from.closed) return Promise.resolve();
  // Node's own stdout takes a while to come up: only for a task that says something.
  let open: Writable | undefined;
  const onBroken = (): void => void from.destroy();
  const onDrain = (): void => void from.resume();
  const openDestination = (): Writable => {
    open = io[name] === "inherit" ? process[name] : io[name];
    return open.on("error", onBroken).on("drain", onDrain);
  };
  from.on("data", (chunk: Buffer) => {
    io.onOutput?.(name, chunk);
    const to = open ?? openDestination();
    if (to.destroyed) onBroken();
    else if (!to.write(chunk)) from.pause();
  });
  return new Promise((resolve) => {
    from.once("close", () => {
      // The reader may leave as late as now: an error of the last bytes must find somebody who minds it.
      open?.off("drain", onDrain);
      resolve();
    });
  });
}
