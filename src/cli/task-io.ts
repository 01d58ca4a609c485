import type { TaskIo } from "../controller/supervise-task.js";
import { SandboxError } from "../core/error.js";
import { type CliContext, canAsk } from "./cli-context.js";

type TerminalSize = NonNullable<TaskIo["terminalSize"]>;

/** The task's streams on this command line. Disposing of it gives the terminal back as it was. */
export interface CliTaskIo extends TaskIo, AsyncDisposable {
  readonly canAsk: boolean;
}

const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
} as const;

/** Whether the task gets a terminal. Throws `usage` where one was asked for and cannot be had. */
export function chooseTerminal(
  context: CliContext,
  asked: { readonly wanted: boolean | undefined; readonly json: boolean },
): boolean {
  const there = context.stdin.isTTY === true && context.stdout.isTTY === true;
  if (asked.json) {
    if (asked.wanted === true)
      throw new SandboxError("usage", "--tty and --json exclude each other");
    return false;
  }
  if (asked.wanted === true && context.stdin.isTTY !== true)
    throw new SandboxError("usage", "--tty: stdin is not a terminal", { hint: "leave it out" });
  return asked.wanted ?? there;
}

/** Opens the streams: raw mode only while a terminal is the task's. */
export function openTaskIo(
  context: CliContext,
  how: { readonly terminal: boolean; readonly json: boolean },
): CliTaskIo {
  const { stdin, stdout, stderr } = context;
  if (how.terminal) stdin.setRawMode(true);
  return {
    stdin: stdin.isTTY === true ? stdin : "inherit",
    stdout: how.json ? stderr : stdout,
    stderr,
    terminalSize: how.terminal ? sizeOf(stdout) : undefined,
    canAsk: canAsk(context),
    watch: (listener) => watchProcess(stdout, listener),
    [Symbol.asyncDispose]: async () => {
      if (how.terminal) stdin.setRawMode(false);
      if (stdin.isTTY === true) stdin.pause();
    },
  };
}

function sizeOf(stream: NodeJS.WriteStream): TerminalSize {
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}

function watchProcess(
  stdout: NodeJS.WriteStream,
  listener: Parameters<TaskIo["watch"]>[0],
): () => void {
  const undo = Object.entries(SIGNALS).map(([name, signal]) => {
    const handler = (): void => listener.signal(signal);
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  const resized = (): void => listener.resize(sizeOf(stdout));
  stdout.on("resize", resized);
  return () => {
    for (const step of undo) step();
    stdout.off("resize", resized);
  };
}
