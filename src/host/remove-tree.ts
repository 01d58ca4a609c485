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
  const moved = emptyInto(root, root, 0);
  for (let next = 0, count = moved; next < count; next += 1) {
    const dir = toMoved(root, next);
    count = emptyInto(dir, root, count);
    rmdirSync(dir);
  }
  rmdirSync(root);
}

/** Unlinks what is in `dir`, moves its directories to `root` under the next numbers; returns the next free one. */
function emptyInto(dir: string, root: string, count: number): number {
  let next = count;
  for (const name of readDirNames(dir)) {
    const child = toPath(dir, name);
    if (tryUnlink(child)) continue;
    makeWritable(child);
    renameSync(child, toMoved(root, next));
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

/** A name the kernel's or a task's own can hardly be; where it is taken the rename onto it fails and nothing is lost. */
function toMoved(root: string, number: number): string {
  return path.join(root, `.removing-${process.pid}-${number}`);
}

function toPath(dir: string, name: string): string | Buffer {
  if (name.isWellFormed()) return path.join(dir, name);
  return Buffer.concat([Buffer.from(`${dir}/`), encodeName(name)]);
}
