import type { TaskIo } from "../controller/supervise-task.js";
import type { CompletionTable } from "./completion/completion-table.js";
import type { Controller } from "../controller/controller.js";
import type { Service } from "../controller/service/open-service.js";
import type { Token } from "../controller/service/read-tokens.js";

type TerminalSize = NonNullable<TaskIo["terminalSize"]>;

/** See `host/held-file.ts`. */
export interface HeldFile extends Disposable {
  write(text: string): void;
}

/** What a command may touch of this process: passed in by `main.ts`, never read from globals. */
export interface CliContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a standard stream is a terminal, without opening it: Node takes a while for that. */
  isTerminal(descriptor: 0 | 1 | 2): boolean;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** The whole command line, for the completion scripts. */
  completionTable(): Promise<CompletionTable>;
  /** Gives the terminal to a task until it is disposed of: raw mode, news of its size. */
  attachTerminal(onResize: (size: TerminalSize) => void): Promise<Disposable>;
  /** Throws away what was typed and not read. */
  flushInput(): Promise<void>;
  /** Of this program. */
  readonly version: string;
  /** Holds the place of a file that is written later. Throws `usage`. */
  holdFile(file: string): HeldFile;
  /** Appends what `make` gives for the size that the file has now; undefined is nothing. Throws Node's error. */
  appendTo(file: string, make: (size: number) => string | undefined): void;
  /** Starts a pager; undefined where its program is not there. */
  openPager(
    argv: readonly string[],
  ): Promise<{ write(text: string): Promise<boolean>; close(): Promise<void> } | undefined>;
  /** Listens for requests to a service. */
  openWeb(o: {
    readonly service: Service;
    readonly socket: string;
    readonly tcp?: {
      readonly host: string;
      readonly port: number;
      readonly tokens: readonly Token[];
    };
  }): Promise<{
    readonly address: { readonly host: string; readonly port: number } | undefined;
    close(): Promise<void>;
  }>;
  /** Loads and composes the controller: only what a command needs is read from disk. */
  openController(): Promise<Controller>;
}

/** Colour where a person looks at `stream` and did not say no (https://no-color.org). */
export function wantsColour(context: CliContext, stream: NodeJS.WriteStream): boolean {
  const no = context.env["NO_COLOR"];
  return stream.isTTY === true && (no === undefined || no === "") && context.env["TERM"] !== "dumb";
}

/** Columns of the terminal behind `stream`, 80 where there is none. */
export function columnsOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY === true && stream.columns > 0 ? stream.columns : 80;
}

/** True where a person can be asked: both ends of the conversation are a terminal. */
export function canAsk(context: CliContext): boolean {
  return context.isTerminal(0) && context.isTerminal(2);
}
