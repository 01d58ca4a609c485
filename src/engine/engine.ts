import type { Readable, Writable } from "node:stream";
import type { SandboxListener } from "../core/gateway-listener.js";
import type { LimitReport, Outcome, SandboxImage, SandboxSpec } from "../core/sandbox-spec.js";

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
  /** When `wait` has resolved, with what happened at them. */
  readonly limits: readonly LimitReport[];
  /** `here`: what the task does shows in the spec's upperdirs while it runs. `elsewhere`: only when it has ended. */
  readonly uppers: "here" | "elsewhere";
  /** Resolves when the task and all its descendants are gone (the PID namespace is empty). Never rejects for what the task did. */
  wait(): Promise<Outcome>;
  /** Passes a signal to the task, by number. */
  signal(signal: number): void;
  resize(size: TerminalSize): void;
  /** SIGTERM, then after the grace SIGKILL to everything. `wait` resolves with `interrupted` and this reason. */
  stop(reason: string): void;
  /** SIGKILL to everything at once; `wait` as with `stop`. For a task that was asked already. */
  kill(reason: string): void;
  /**
   * Brings the task and all its descendants to a halt where they are. Resolves when none of them runs any more, also where they have
   * ended meanwhile; again is no error. Its time limit stands still. What is paused can be ended as ever: `stop`, `abort` and disposal
   * kill it at once, since it could not hear a SIGTERM. Rejects with `sandbox-unavailable` where it goes on: whoever relies on the halt
   * then has to end it. The process that holds a sandbox being killed ends it, paused or not.
   */
  pause(): Promise<void>;
  /** Lets it go on with the time it had left; what the task itself had stopped stays stopped. Not paused is no error. Rejects as `pause`. */
  resume(): Promise<void>;
}

/** The only way out of a sandbox whose spec says `network: "gateway"`. */
export interface SandboxGateway {
  /** All of them listen before the task begins; where one cannot, `start` throws `sandbox-unavailable`. */
  readonly listeners: readonly SandboxListener[];
  /**
   * Called once, while the sandbox is being made: what takes long to load is loaded then. `adopt` comes after it has resolved; where it rejects, the task
   * does not begin.
   */
  prepare?(): Promise<void>;
  /**
   * Takes over one descriptor for each of `listeners`, in their order: sockets of the sandbox's network namespace, or of a directory of its own, bound and
   * (TCP, unix) listening. Whoever accepts from them is on the host: nothing runs inside, and when they are closed nothing leaves any more.
   */
  adopt(descriptors: readonly number[]): void;
}

/** What `start` needs besides the spec. */
export interface StartOptions {
  /** A directory of this session, mode 0700, for bundle and scratch; the engine empties what it put there. */
  readonly scratchDir: string;
  readonly sandboxId: string;
  readonly io: SandboxIo;
  readonly terminalSize?: TerminalSize;
  readonly abort?: AbortSignal;
  /** Given exactly where the spec's network is `gateway`. */
  readonly gateway?: SandboxGateway;
}

/** What an image says of itself, as far as a sandbox uses it. Entrypoint, command and user of an image are not used. */
export interface ImageFacts {
  readonly image: SandboxImage;
  /** Variables that the image sets; PATH is among them where it sets one. */
  readonly env: Readonly<Record<string, string>>;
}

/** A sandbox of an earlier process, by what `start` was given. */
interface LeftSandbox {
  readonly spec: SandboxSpec;
  readonly sandboxId: string;
  readonly scratchDir: string;
}

/** What could not be ended or removed. */
export interface Leftover {
  /** One line. */
  readonly reason: string;
  /** A task may still write to the upperdirs here: they must not be removed. */
  readonly isWriting: boolean;
}

/** Creates sandboxes. Every engine passes the engine suite (`test/engine/engine-suite.ts`). */
export interface Engine {
  readonly name: "oci" | "docker";
  /** Of the daemon it talks to; absent for an engine that has none. */
  readonly daemon?: string;
  /** Makes a real sandbox and says what this host can do. Slow; `start` does not need it first. */
  probe(): Promise<EngineProbe>;
  /**
   * Starts `spec`. Throws `SandboxError("sandbox-unavailable")` where no sandbox can be made: never an
   * unsandboxed fallback. A command that is missing or not executable is an `Outcome`, not an error.
   */
  start(spec: SandboxSpec, options: StartOptions): Promise<RunningSandbox>;
  /**
   * Finds an image and makes it ready to be a root filesystem; the first time can be slow. Throws `sandbox-unavailable` where there is no
   * such image or it cannot be used. `progress` is told how far it has come, then undefined.
   */
  resolveImage(
    reference: string,
    progress?: (what: string, count: number | undefined) => void,
  ): Promise<ImageFacts>;
  /**
   * Ends what a controller that died left of its sandbox, brings the upperdirs that lie elsewhere back to the spec's, and
   * removes the rest. Nothing left is no error. Throws `busy` while it cannot be ended or brought back: then the layers
   * must not be read.
   */
  settle(left: LeftSandbox): Promise<void>;
  /**
   * Ends and removes what a controller that died left of its sandbox, with the work that only it holds, and makes what lies here
   * removable. Undefined: nothing is left. Else only `prune` finds the rest, when that is possible again.
   */
  abandon(left: LeftSandbox): Promise<Leftover | undefined>;
  /**
   * Removes what dead controllers of this state directory left behind, never anything that does not carry our labels or
   * whose sandbox `isKept`. Returns a line for each thing removed (or, with `dryRun`, that would be).
   */
  prune(options: {
    readonly isKept: (sandboxId: string) => boolean;
    readonly dryRun: boolean;
    /** Whether a session that is kept has the image of this id; absent: images that were unpacked stay. */
    readonly isImageUsed?: (id: string) => Promise<boolean>;
  }): Promise<readonly string[]>;
}
