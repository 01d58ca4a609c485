import { chmodSync, lstatSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import { encodeName } from "../core/path.js";
import { readDirNames } from "./dir-handle.js";

/**
 * Removes the directory `root` with all it holds, whatever the modes, names and depth inside; symbolic
 * links are removed, not followed. Absent: nothing happens. Only for private directories whose content
 * nothing else is writing: subdirectories are first moved up to `root`, so that no path grows long.
 */
export function removeTree(root: string): void {
  const stats = lstatSync(root, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory()) {
    unlinkSync(root);
    return;
  }
  makeWritable(root);
  // New for each removal: one that was killed leaves names behind, and process ids come again.
  const prefix = path.join(root, `.removing-${process.pid}-${Date.now().toString(36)}`);
  let count = emptyInto(root, { prefix, count: 0 });
  for (let next = 0; next < count; next += 1) {
    const dir = `${prefix}-${next}`;
    count = emptyInto(dir, { prefix, count });
    rmdirSync(dir);
  }
  rmdirSync(root);
}

/** Unlinks what is in `dir`, moves its directories to the next numbers; returns the first free one. */
function emptyInto(
  dir: string,
  moved: { readonly prefix: string; readonly count: number },
): number {
  let next = moved.count;
  for (const name of readDirNames(dir)) {
    const child = toPath(dir, name);
    if (tryUnlink(child)) continue;
    makeWritable(child);
    renameSync(child, `${moved.prefix}-${next}`);
    next += 1;
  }
  return next;
}

/** False for a directory. */
function tryUnlink(file: string | Buffer): boolean {
  try {
    unlinkSync(file);
    return true;
  } catch (error) {
    if (hasErrno(error, "EISDIR", "EPERM")) return false;
    throw error;
  }
}

/** Moving a directory to another parent writes its `..`, and emptying it needs all three bits. */
function makeWritable(dir: string | Buffer): void {
  const stats = lstatSync(dir);
  if (stats.isDirectory() && (stats.mode & 0o700) !== 0o700) chmodSync(dir, 0o700);
}

function toPath(dir: string, name: string): string | Buffer {
  if (name.isWellFormed()) return path.join(dir, name);
  return Buffer.concat([Buffer.from(`${dir}/`), encodeName(name)]);
}
