import type { CliContext } from "./cli-context.js";

/** What a pager does for us; `host/run-pager.ts` makes them. */
interface PagerPort {
  write(text: string): Promise<boolean>;
  close(): Promise<void>;
}

/** The stream behind stdout, as far as it is used here. */
interface PagedStream {
  readonly isTTY: boolean;
  readonly rows: number;
  readonly destroyed: boolean;
  write(text: string): boolean;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** The part of the context that output in pages needs. */
export interface PagedContext extends Pick<CliContext, "env"> {
  readonly stdout: PagedStream;
  /** Starts a pager; undefined where the program is not there. Without it nothing is paged. */
  readonly openPager?: (argv: readonly string[]) => Promise<PagerPort | undefined>;
}

const DEFAULT_PAGER = ["less", "-FRX"] as const;
/** Lines of a terminal that does not tell. */
const DEFAULT_ROWS = 24;

/**
 * Writes `pieces` to stdout; on a terminal through a pager as soon as there is more than a screen.
 * Pieces are made only as they are wanted: nothing more once the reader has left.
 */
export async function printPaged(context: PagedContext, pieces: Iterable<string>): Promise<void> {
  const iterator = pieces[Symbol.iterator]();
  const first = context.stdout.isTTY === true ? takeScreen(iterator, toRows(context)) : undefined;
  const pager = first?.isMore === true ? await openPager(context) : undefined;
  const write = pager === undefined ? writeTo(context.stdout) : pager.write;
  try {
    if (first !== undefined && !(await write(first.text))) return;
    for (let piece = iterator.next(); piece.done !== true; piece = iterator.next())
      if (!(await write(piece.value))) return;
  } finally {
    await pager?.close();
  }
}

/** The person's pager as an argument vector, split at blanks and never given to a shell; undefined for none. */
export function choosePager(
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  const wanted = env["SANDBOX_PAGER"] ?? env["PAGER"];
  if (wanted === undefined) return DEFAULT_PAGER;
  const argv = wanted.split(/\s+/).filter((word) => word !== "");
  return argv.length === 0 || argv[0] === "cat" ? undefined : argv;
}

async function openPager(context: PagedContext): Promise<PagerPort | undefined> {
  const argv = choosePager(context.env);
  if (argv === undefined || context.env["TERM"] === "dumb") return undefined;
  const pager = await context.openPager?.(argv);
  return pager ?? (argv === DEFAULT_PAGER ? undefined : await context.openPager?.(DEFAULT_PAGER));
}

function toRows(context: PagedContext): number {
  return context.stdout.rows > 0 ? context.stdout.rows : DEFAULT_ROWS;
}

/** Pieces until they fill the screen. */
function takeScreen(
  iterator: Iterator<string, void>,
  rows: number,
): { readonly text: string; readonly isMore: boolean } {
  let text = "";
  let lines = 0;
  for (let piece = iterator.next(); piece.done !== true; piece = iterator.next()) {
    text += piece.value;
    lines += piece.value.split("\n").length - 1;
    if (lines >= rows) return { text, isMore: true };
  }
  return { text, isMore: false };
}

/** Waits where the reader is slow; a reader that left (`| head`) wants nothing more. */
function writeTo(stdout: PagedContext["stdout"]): (text: string) => Promise<boolean> {
  return async (text) => {
    if (stdout.destroyed) return false;
    if (stdout.write(text)) return true;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdout.off("drain", done);
        stdout.off("close", done);
        resolve();
      };
      stdout.once("drain", done);
      stdout.once("close", done);
    });
    return !stdout.destroyed;
  };
}
