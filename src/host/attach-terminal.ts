import { spawnSync } from "node:child_process";
import type { ReadStream, WriteStream } from "node:tty";

/** Columns and rows of a terminal. */
interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** What a task may have left behind: colours, a hidden cursor, mouse reports, bracketed paste. */
const RESET = "\x1b[0m\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l";

/**
 * Hands the user's terminal to a task: raw mode, so that each key, Ctrl-C too, goes to the task's own terminal, and news of
 * each change of size. Disposing of it, or the end of this process, gives the terminal back as it was.
 */
export function attachTerminal(
  input: ReadStream,
  output: WriteStream,
  onResize: (size: Size) => void,
): Disposable {
  const wasRaw = input.isRaw;
  const resize = (): void => onResize({ columns: output.columns, rows: output.rows });
  let attached = true;
  const giveBack = (): void => {
    if (!attached) return;
    attached = false;
    output.off("resize", resize);
    process.off("exit", giveBack);
    input.setRawMode(wasRaw);
    output.write(RESET);
  };
  input.setRawMode(true);
  stopPostProcessing();
  output.on("resize", resize);
  process.once("exit", giveBack);
  return { [Symbol.dispose]: giveBack };
}

/** Node's raw mode still turns each newline into CR LF, which the task's own terminal has done already. Undone with raw mode. */
function stopPostProcessing(): void {
  spawnSync("/usr/bin/stty", ["-opost"], { stdio: ["inherit", "ignore", "ignore"] });
}
