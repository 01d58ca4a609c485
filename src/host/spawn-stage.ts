import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import type { Duplex, Readable, Writable } from "node:stream";

/** Where a child's stream goes: node's own descriptor, a socket to node, or nowhere. */
export type StreamMode = "inherit" | "pipe" | "ignore";

/** What `spawnStage` needs. */
export interface SpawnStageOptions {
  /** Absolute path of the program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Of descriptors 0, 1 and 2. */
  readonly streams: readonly [StreamMode, StreamMode, StreamMode];
}

/** A child with a socket on its descriptor 3. */
export interface StageProcess {
  readonly pid: number;
  readonly control: Duplex;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  /** Resolves when the child has been reaped and its sockets have ended. */
  readonly closed: Promise<void>;
  /** SIGKILL. */
  kill(): void;
  /** Node may end before the child does… */
  release(): void;
  /** …unless somebody waits for it after all: as `closed`. */
  waitClosed(): Promise<void>;
}

/** Starts a program with a socket on descriptor 3. Throws the system's error where it cannot be started. */
export async function spawnStage(options: SpawnStageOptions): Promise<StageProcess> {
  const [program, ...args] = options.argv;
  const stdio = [...options.streams, "pipe"] as const;
  const child = spawn(program, args, { stdio: [...stdio], env: options.env, cwd: "/" });
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
    closed,
    kill: () => void child.kill("SIGKILL"),
    release: () => {
      child.unref();
      if (control instanceof Socket) control.unref();
    },
    waitClosed: () => {
      child.ref();
      if (control instanceof Socket) control.ref();
      return closed;
    },
  };
}

/**
 * A stream on the pipe that process `pid` has open as `descriptor`: a pipe can be opened again through /proc (proc(5)), which
 * is how node, that cannot make pipes, gets one.
 */
export function openPipeEnd(pid: number, descriptor: number, end: "read" | "write"): Socket {
  const access = end === "read" ? constants.O_RDONLY : constants.O_WRONLY;
  const fd = openSync(`/proc/${pid}/fd/${descriptor}`, access | constants.O_NONBLOCK);
  try {
    const socket = new Socket({ fd, readable: end === "read", writable: end === "write" });
    socket.on("error", ignore);
    return socket;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function spawnError(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => child.once("error", resolve));
}

/** A peer that has gone away is seen by its end; the error of a late write says nothing more. */
function ignore(): void {}
