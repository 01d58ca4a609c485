import { lstatSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { SandboxError } from "../core/error.js";

/** An inode's name and rights, as a stamp keeps them. */
export interface RootFacts {
  readonly dev: string;
  readonly ino: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** What was true just before the first mount. */
export interface LayersStamp {
  /** A path of the workspace with a ctime that is not before this was touched since. */
  readonly ctimeNs: bigint;
  /** The workspace's own directory, to see whether another one took its place; absent in a bare stamp. */
  readonly lower?: RootFacts;
  /** The upperdir as it was made: a difference is the task's doing. */
  readonly upper?: RootFacts;
}

/**
 * Writes the stamp file. Its ctime is the mark: the kernel's clock for files stands still between ticks
 * (at most 10 ms, before Linux 6.13), so an edit with the same ctime may be earlier or later, and counts
 * as later. Touching the file after looking at it gives an exact time where the kernel can (6.13).
 */
export function writeStamp(path: string, facts: { lower: RootFacts; upper: RootFacts }): void {
  writeFileSync(path, JSON.stringify(facts), { mode: 0o600, flag: "wx" });
  const { atime, mtime } = lstatSync(path);
  utimesSync(path, atime, mtime);
}

/** The stamp at `path`. Throws `damaged` where it is missing or not one. */
export function readStamp(path: string): LayersStamp {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile())
    throw new SandboxError("damaged", `the layers have lost their stamp: ${path}`);
  const text = readFileSync(path, "utf8");
  if (text.trim() === "") return { ctimeNs: stats.ctimeNs };
  const facts = parseFacts(text);
  if (facts === undefined)
    throw new SandboxError("damaged", `the stamp of the layers does not parse: ${path}`);
  return { ctimeNs: stats.ctimeNs, ...facts };
}

/** The facts of the directory at `path`, which is not followed. */
export function readRootFacts(path: string): RootFacts {
  const stats = lstatSync(path, { bigint: true });
  return {
    dev: `${stats.dev}`,
    ino: `${stats.ino}`,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
  };
}

function parseFacts(text: string): { lower: RootFacts; upper: RootFacts } | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    if (!isRecord(value)) return undefined;
    const { lower, upper } = value as { lower?: unknown; upper?: unknown };
    return isFacts(lower) && isFacts(upper) ? { lower, upper } : undefined;
  } catch {
    return undefined;
  }
}

function isFacts(value: unknown): value is RootFacts {
  if (!isRecord(value)) return false;
  const { dev, ino, mode, uid, gid } = value as Partial<Record<keyof RootFacts, unknown>>;
  const numbers = [mode, uid, gid].every((one) => Number.isSafeInteger(one));
  return typeof dev === "string" && typeof ino === "string" && numbers;
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
