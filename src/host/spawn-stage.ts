import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";

/** Where a child's stream goes: node's own descriptor, a pipe to node, or nowhere. */
export type StreamMode = "inherit" | "pipe" | "ignore";

/** What `spawnStage` needs. */
export interface SpawnStageOptions {
  /** Absolute path of the program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: StreamMode;
  readonly stdout: StreamMode;
  readonly stderr: StreamMode;
}

/** A child with a socket on its descriptor 3. */
export interface StageProcess {
  readonly pid: number;
  readonly control: Duplex;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the child has been reaped; `undefined` code: a signal. */
  readonly exited: Promise<number | undefined>;
  /** Resolves when it has been reaped and its pipes have ended. */
  readonly closed: Promise<void>;
  kill(): void;
}

/** Starts a program with a socket on descriptor 3. Throws the system's error where it cannot be started. */
export async function spawnStage(options: SpawnStageOptions): Promise<StageProcess> {
  const [program, ...args] = options.argv;
  const stdio: StdioOptions = [options.stdin, options.stdout, options.stderr, "pipe"];
  const child = spawn(program, args, { stdio, env: options.env, cwd: "/" });
  const exited = new Promise<number | undefined>((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  if (child.pid === undefined) throw await spawnError(child);
  const control = child.stdio[3] as Duplex;
  control.on("error", ignore);
  child.stdin?.on("error", ignore);
  return {
    pid: child.pid,
    control,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    closed,
    kill: () => child.kill("SIGKILL"),
  };
}

function spawnError(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => child.once("error", resolve));
}

/** A peer that has gone away is seen by its end; the error of a late write says nothing more. */
function ignore(): void {}
