import type { Readable, Writable } from "node:stream";
import type { LimitReport, Outcome, SandboxSpec } from "../core/sandbox-spec.js";

/** A thing an engine needs from the host: whether it is there and how to mend it. */
export interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  /** The exact command or step, where `ok` is false. */
  readonly fix?: string;
}

/** What a real sandbox, made by the probe, showed. */
export interface EngineProbe {
  readonly engine: string;
  readonly ok: boolean;
  /** The runtime that worked, e.g. `crun 1.8.1`. */
  readonly runtime?: string;
  readonly checks: readonly Check[];
}

/** Where a task's streams go. With a terminal, `stdout` carries everything. */
export interface SandboxIo {
  readonly stdin: Readable | "inherit" | "none";
  readonly stdout: Writable | "inherit";
  readonly stderr: Writable | "inherit";
  /** Told of each piece of output as it passes; it must not throw. */
  readonly onOutput?: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
}

/** Columns and rows of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A started sandbox. Disposing of it kills whatever is left of it and removes all it made on the host. */
export interface RunningSandbox extends AsyncDisposable {
  readonly runtime: string;
  readonly limits: readonly LimitReport[];
  /** Resolves when the task and all its descendants are gone (the PID namespace is empty). Never rejects for what the task did. */
  wait(): Promise<Outcome>;
  /** Passes a signal to the task, by number. */
  signal(signal: number): void;
  resize(size: TerminalSize): void;
  /** SIGTERM, then after the grace SIGKILL to everything. `wait` resolves with `interrupted` and this reason. */
  stop(reason: string): void;
}

/** What `start` needs besides the spec. */
export interface StartOptions {
  /** A directory of this session, mode 0700, for bundle and scratch; the engine empties what it put there. */
  readonly scratchDir: string;
  readonly sandboxId: string;
  readonly io: SandboxIo;
  readonly terminalSize?: TerminalSize;
  readonly abort?: AbortSignal;
}

/** Creates sandboxes. Every engine passes the engine suite (`test/engine/engine-suite.ts`). */
export interface Engine {
  readonly name: "oci" | "docker";
  /** Makes a real sandbox and says what this host can do. Slow; `start` does not need it first. */
  probe(): Promise<EngineProbe>;
  /**
   * Starts `spec`. Throws `SandboxError("sandbox-unavailable")` where no sandbox can be made: never an
   * unsandboxed fallback. A command that is missing or not executable is an `Outcome`, not an error.
   */
  start(spec: SandboxSpec, options: StartOptions): Promise<RunningSandbox>;
}
