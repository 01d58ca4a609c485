import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import { writeAll } from "../host/atomic-file.js";

/** Which stream a piece of output came from; `notice` is our own word in between. */
type OutputStream = "stdout" | "stderr" | "notice";

/** A piece of a task's output. */
export interface OutputPiece {
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

/** Keeps what a task writes. Nothing here throws: a full disk costs the log its rest, not the task its life. */
export interface OutputLog extends Disposable {
  append(stream: "stdout" | "stderr", chunk: Uint8Array): void;
  /** True once something was not kept. */
  readonly truncated: boolean;
}

export const DEFAULT_OUTPUT_CAP = 16 << 20;

const LOG = "output.log";
/** Lines `<stream> <bytes>`: whose the bytes of the log are, in order. */
const STREAMS = "output.streams";
const MOST_SWITCHES = 100_000;
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * Opens the log of the session in `dir`: `output.log` is the plain bytes in the order they came,
 * `output.streams` says which came from where. Files are made with the first byte.
 */
export function openOutputLog(dir: string, cap: number): OutputLog {
  return new CappedLog(dir, cap);
}

/** The output kept in `dir`, in order. Bytes that `output.streams` does not account for (a killed run) count as stdout. */
export function* readOutput(dir: string): Generator<OutputPiece> {
  const fd = openIfThere(path.join(dir, LOG));
  if (fd === undefined) return;
  try {
    for (const run of readRuns(path.join(dir, STREAMS))) yield* readRun(fd, run);
    yield* readRun(fd, { stream: "stdout", size: Number.MAX_SAFE_INTEGER });
  } finally {
    closeSync(fd);
  }
}

interface Run {
  readonly stream: OutputStream;
  readonly size: number;
}

class CappedLog implements OutputLog {
  readonly #dir: string;
  #left: number;
  #fds: { log: number; streams: number } | undefined;
  #state: "open" | "full" | "closed" = "open";
  #run: Run | undefined;
  #switches = 0;

  constructor(dir: string, cap: number) {
    this.#dir = dir;
    this.#left = cap;
  }

  get truncated(): boolean {
    return this.#state === "full";
  }

  append(stream: "stdout" | "stderr", chunk: Uint8Array): void {
    if (this.#state !== "open" || chunk.length === 0) return;
    try {
      const kept = chunk.subarray(0, this.#left);
      this.#write(stream, kept);
      this.#left -= kept.length;
      if (kept.length < chunk.length) this.#cut();
    } catch {
      this.#state = "full";
    }
  }

  [Symbol.dispose](): void {
    const fds = this.#fds;
    this.#fds = undefined;
    if (this.#state === "open") this.#state = "closed";
    if (fds === undefined) return;
    try {
      this.#endRun(fds.streams);
    } catch {
      this.#state = "full";
    }
    closeSync(fds.log);
    closeSync(fds.streams);
  }

  #cut(): void {
    const text = "\n[sandbox: the rest of the output was not kept]\n";
    this.#switches = 0;
    this.#write("notice", Buffer.from(text, "utf8"));
    this.#state = "full";
  }

  #write(stream: OutputStream, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#fds ??= {
      log: openSync(path.join(this.#dir, LOG), APPEND, 0o600),
      streams: openSync(path.join(this.#dir, STREAMS), APPEND, 0o600),
    };
    writeAll(this.#fds.log, bytes);
    if (this.#run !== undefined && this.#run.stream !== stream && this.#switches < MOST_SWITCHES) {
      this.#endRun(this.#fds.streams);
      this.#switches += 1;
    }
    this.#run = {
      stream: this.#run?.stream ?? stream,
      size: (this.#run?.size ?? 0) + bytes.length,
    };
  }

  #endRun(fd: number): void {
    const run = this.#run;
    this.#run = undefined;
    if (run !== undefined) writeAll(fd, Buffer.from(`${run.stream} ${run.size}\n`, "latin1"));
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}

function* readRun(fd: number, run: Run): Generator<OutputPiece> {
  for (let left = run.size; left > 0; ) {
    const bytes = Buffer.alloc(Math.min(left, 1 << 16));
    const size = readSync(fd, bytes);
    if (size === 0) return;
    left -= size;
    yield { stream: run.stream, bytes: bytes.subarray(0, size) };
  }
}

function readRuns(file: string): readonly Run[] {
  const fd = openIfThere(file);
  if (fd === undefined) return [];
  try {
    return readFileSync(fd, "latin1").split("\n").flatMap(parseRun);
  } finally {
    closeSync(fd);
  }
}

function parseRun(line: string): Run[] {
  const match = /^(stdout|stderr|notice) (\d{1,15})$/.exec(line);
  return match === null ? [] : [{ stream: match[1] as OutputStream, size: Number(match[2]) }];
}
