const AFTER_MS = 1000;

/** Says how far something has come, on a terminal, once it has taken more than a second; undefined ends it. */
export type Progress = (what: string, count: number | undefined) => void;

/** A line that is written over itself on `stderr`; nothing where that is no terminal. */
export function createProgress(stderr: NodeJS.WriteStream): Progress {
  if (stderr.isTTY !== true) return () => undefined;
  let began: number | undefined;
  let shown = false;
  return (what, count) => {
    if (count === undefined) {
      if (shown) stderr.write("\r\u001b[K");
      began = undefined;
      shown = false;
      return;
    }
    began ??= performance.now();
    if (performance.now() - began < AFTER_MS) return;
    shown = true;
    stderr.write(`\r${what}: ${count}\u001b[K`);
  };
}
