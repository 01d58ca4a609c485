import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import type { Writable } from "node:stream";
import { hasErrno } from "../core/error.js";

/** A pager that is running on our terminal. */
export interface Pager {
  /** False once the reader has left: nothing more is wanted. */
  write(text: string): Promise<boolean>;
  /** Resolves when the person has closed it. */
  close(): Promise<void>;
}

/** Where helper programs are looked for: never on a PATH that leads into a workspace. */
const HELPER_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Starts `argv` as a pager, without a shell; undefined where there is no such program in the
 * system's directories (or at the absolute path that is given). `LESS` is set as git does, unless
 * the person has set it.
 */
export function openPager(
  argv: readonly string[],
  o: {
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Defaults to our own standard output. */
    readonly stdout?: number;
  },
): Pager | undefined {
  const program = findHelper(argv[0] ?? "");
  if (program === undefined) return undefined;
  const child = spawn(program, argv.slice(1), {
    stdio: ["pipe", o.stdout ?? "inherit", "inherit"],
    env: { LESS: "FRX", LV: "-c", ...o.env, PATH: HELPER_PATH },
  });
  const { stdin } = child;
  if (stdin === null) throw new Error("a pager has a pipe for its input");
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  // The keys are the pager's while it runs: an interrupt is for it, not for us.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  const left = watchReader(stdin);
  return {
    write: (text) => writeTo(stdin, text, left),
    close: async () => {
      stdin.end();
      await ended;
      process.off("SIGINT", ignore);
    },
  };
}

function findHelper(name: string): string | undefined {
  if (path.isAbsolute(name)) return isProgram(name) ? name : undefined;
  if (name === "" || name.includes("/")) return undefined;
  return HELPER_PATH.split(":")
    .map((directory) => path.join(directory, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EACCES", "ENOTDIR", "ELOOP")) return false;
    throw error;
  }
}

/** The pager may be closed before it has read everything: that is no error. */
function watchReader(stdin: Writable): AbortSignal {
  const left = new AbortController();
  stdin.on("error", (error) => {
    if (!hasErrno(error, "EPIPE", "ECONNRESET")) throw error;
    left.abort();
  });
  stdin.once("close", () => left.abort());
  return left.signal;
}

async function writeTo(stdin: Writable, text: string, left: AbortSignal): Promise<boolean> {
  if (left.aborted || stdin.destroyed) return false;
  if (!stdin.write(text))
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stdin.off("drain", done);
        left.removeEventListener("abort", done);
        resolve();
      };
      stdin.once("drain", done);
      left.addEventListener("abort", done, { once: true });
    });
  return !left.aborted;
}
