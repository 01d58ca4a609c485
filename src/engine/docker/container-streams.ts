import { type Duplex, PassThrough, Writable } from "node:stream";
import type { SandboxIo } from "../engine.js";
import { feed, relay } from "../oci/task-streams.js";
import { demuxOutput } from "./demux-output.js";

/** What the init of a container says first: the task begins, or why not. */
export type Announcement =
  | { readonly begun: true }
  | { readonly begun: false; readonly code: 125 | 126 | 127; readonly reason: string };

/** The streams of one task. */
export interface ContainerStreams {
  /** Undefined where the container ended without one; `said` is then what it said instead. */
  readonly announced: Promise<Announcement | undefined>;
  readonly said: () => string;
  /** Resolves when all output has been passed on. */
  readonly drained: Promise<void>;
  /** Lets go of the input, which nobody reads any more. */
  release(): void;
  /** Lets go of the connection, which else keeps the process here. What has not been drained is lost. */
  close(): void;
}

const ANNOUNCEMENT = /^sandbox-init (\w+)(?: (.*?))?\r?$/;
const MOST_BYTES = 64 * 1024;

/** Connects `io` with an attached container. `onReaderGone` is told when somebody no longer reads the task's output. */
export function connectContainer(
  stream: Duplex,
  task: { readonly io: SandboxIo; readonly terminal: boolean; readonly onReaderGone: () => void },
): ContainerStreams {
  const { io, terminal } = task;
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const first = new FirstLine();
  const passOn = (to: PassThrough) => (chunk: Buffer) => write(to, chunk, task.onReaderGone);
  const announcing = (to: PassThrough) => async (chunk: Buffer) => {
    const rest = first.take(chunk);
    if (rest.length > 0) await passOn(to)(rest);
  };
  const sinks = { stdout: passOn(stdout), stderr: announcing(stderr) };
  const read = terminal ? readRaw(stream, announcing(stdout)) : demuxOutput(stream, sinks);
  // A stream that breaks has lost its daemon: the request that waits for the end says so.
  const ended = read
    .catch(() => {})
    .then(() => {
      first.end();
      stdout.end();
      stderr.end();
    });
  const relays = [relay("stdout", stdout, io), relay("stderr", stderr, io)];
  const drained = Promise.all([ended, ...relays]).then(() => {});
  return {
    announced: first.announced,
    said: () => first.text,
    drained,
    release: feed(io.stdin, toInput(stream, terminal)),
    close: () => void stream.destroy(),
  };
}

/** The first line of the output, which is our init's. */
class FirstLine {
  readonly announced: Promise<Announcement | undefined>;
  #resolve: (announcement: Announcement | undefined) => void = () => {};
  #held: Buffer = Buffer.alloc(0);
  #state: "waiting" | "begun" | "refused" = "waiting";

  constructor() {
    this.announced = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get text(): string {
    return this.#held.toString().trim();
  }

  /** What of `chunk` is the task's. */
  take(chunk: Buffer): Buffer {
    if (this.#state === "begun") return chunk;
    if (this.#held.length < MOST_BYTES) this.#held = Buffer.concat([this.#held, chunk]);
    const end = this.#held.indexOf("\n");
    if (this.#state === "refused" || end < 0) return Buffer.alloc(0);
    const announcement = parse(this.#held.toString("utf8", 0, end));
    this.#state = announcement?.begun === true ? "begun" : "refused";
    this.#resolve(announcement);
    return this.#state === "begun" ? this.#held.subarray(end + 1) : Buffer.alloc(0);
  }

  end(): void {
    this.#resolve(undefined);
  }
}

function parse(line: string): Announcement | undefined {
  const [, verb, reason = ""] = ANNOUNCEMENT.exec(line) ?? [];
  if (verb === "begun") return { begun: true };
  if (verb === "126") return { begun: false, code: 126, reason };
  if (verb === "127") return { begun: false, code: 127, reason };
  return verb === "125" ? { begun: false, code: 125, reason } : undefined;
}

async function readRaw(stream: Duplex, sink: (chunk: Buffer) => Promise<void>): Promise<void> {
  for await (const chunk of stream) await sink(chunk);
}

function write(to: PassThrough, chunk: Buffer, onGone: () => void): Promise<void> | void {
  if (to.destroyed) return onGone();
  if (to.write(chunk)) return;
  return new Promise((resolve) => {
    const go = (): void => {
      to.off("drain", go).off("close", go);
      resolve();
    };
    to.once("drain", go).once("close", go);
  });
}

/**
 * The input alone: what ends or breaks it must not end the output, which comes the same way. A terminal's stays open: where
 * it ends, the daemon ends the output too (moby, `container/stream/attach.go`).
 */
function toInput(stream: Duplex, terminal: boolean): Writable {
  stream.on("error", () => {});
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (!stream.writable || stream.write(chunk)) return done();
      const go = (): void => {
        stream.off("drain", go).off("close", go);
        done();
      };
      stream.once("drain", go).once("close", go);
    },
    final: (done) => {
      if (stream.writable && !terminal) stream.end();
      done();
    },
  });
  return input.on("error", () => {});
}
