import { readlinkSync, realpathSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";

/** One name of a file on the way to it. */
export interface Hop {
  /** Absolute; no directory on it is a symlink, the last component may be one. */
  readonly path: string;
  /** The link's text as an absolute path, before its directories were resolved; absent for the file itself. */
  readonly target?: string;
}

/** As the kernel (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * The names from `file` to what it really is: each is the target of the symlink before, the last is no symlink.
 * Throws Node's `ENOENT`, `ELOOP`, `EACCES`.
 */
export function readSymlinkChain(file: string): readonly Hop[] {
  const hops: Hop[] = [];
  let next = path.resolve(file);
  while (hops.length <= MOST_LINKS) {
    const real = path.join(realpathSync(path.dirname(next)), path.basename(next));
    const text = readLink(real);
    if (text === undefined) return [...hops, { path: real }];
    next = path.resolve(path.dirname(real), text);
    hops.push({ path: real, target: next });
  }
  throw Object.assign(new Error(`ELOOP: ${file}`), { code: "ELOOP" });
}

function readLink(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if (hasErrno(error, "EINVAL")) return undefined;
    throw error;
  }
}
