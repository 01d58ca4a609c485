import type { TaskIo } from "../controller/supervise-task.js";
import { SandboxError } from "../core/error.js";
import type { CliContext } from "./cli-context.js";

type TerminalSize = NonNullable<TaskIo["terminalSize"]>;

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
  const there = context.isTerminal(0) && context.isTerminal(1);
  if (asked.json) {
    if (asked.wanted === true)
      throw new SandboxError("usage", "--tty and --json exclude each other");
    return false;
  }
  if (asked.wanted === true && !context.isTerminal(0))
    throw new SandboxError("usage", "--tty: stdin is not a terminal", { hint: "leave it out" });
  return asked.wanted ?? there;
}

/**
 * Opens the streams and hands them to `use`. A terminal is the task's only for that time: afterwards it is as it
 * was, whatever the task left it in.
 */
export async function withTaskIo<T>(
  context: CliContext,
  how: {
    readonly terminal: boolean;
    /** The task's output goes to stderr, all of it. */
    readonly json: boolean;
    /** Nobody types: a terminal is no input. */
    readonly isAlone?: boolean;
  },
  use: (io: TaskIo) => Promise<T>,
): Promise<T> {
  const typed = context.isTerminal(0) && how.isAlone !== true;
  const sizes = new Set<(size: TerminalSize) => void>();
  using _terminal = how.terminal
    ? await context.attachTerminal((size) => {
        for (const tell of sizes) tell(size);
      })
    : undefined;
  try {
    return await use({
      stdin: typed ? context.stdin : context.isTerminal(0) ? "none" : "inherit",
      stdout: how.json ? context.stderr : "inherit",
      stderr: "inherit",
      terminalSize: how.terminal ? sizeOf(context.stdout) : undefined,
      watch: (listener) => watchProcess(sizes, listener),
    });
  } finally {
    if (typed) context.stdin.pause();
  }
}

function sizeOf(stream: NodeJS.WriteStream): TerminalSize {
  return { columns: stream.columns || 80, rows: stream.rows || 24 };
}

function watchProcess(
  sizes: Set<(size: TerminalSize) => void>,
  listener: Parameters<TaskIo["watch"]>[0],
): () => void {
  const undo = Object.entries(SIGNALS).map(([name, signal]) => {
    const handler = (): void => listener.signal(signal);
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  sizes.add(listener.resize);
  return () => {
    for (const step of undo) step();
    sizes.delete(listener.resize);
  };
}
