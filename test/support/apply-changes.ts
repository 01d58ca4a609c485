import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import path from "node:path";
import type { Change, Layers, NextState, Xattrs } from "../../src/core/change.js";
import type { Native } from "../../src/host/native.js";

/**
 * Does to `target`, a copy of the workspace, what `changes` say, in the plainest way: the yardstick for what a
 * changeset means. Content comes from the upperdir.
 */
export function applyChanges(
  changes: readonly Change[],
  o: { readonly layers: Layers; readonly target: string; readonly native: Native },
): void {
  for (const change of changes.toReversed()) removeOld(change, o.target);
  for (const change of changes) if (change.after !== undefined) makeNew(change, change.after, o);
  // Deepest first: a directory without rights keeps what is below it from being reached.
  for (const { path: name, before, after } of changes.toReversed())
    if (after !== undefined)
      setMetadata(path.join(o.target, name), { before: before?.xattrs, after, native: o.native });
}

function removeOld(change: Change, target: string): void {
  const { before, after } = change;
  if (before === undefined || (before.type === "dir" && after?.type === "dir")) return;
  const full = path.join(target, change.path);
  if (before.type === "dir") rmdirSync(full);
  else unlinkSync(full);
}

function makeNew(change: Change, after: NextState, o: { layers: Layers; target: string }): void {
  const full = path.join(o.target, change.path);
  if (after.linkGroup !== undefined && after.linkGroup !== change.path) {
    linkSync(path.join(o.target, after.linkGroup), full);
    return;
  }
  if (after.type === "dir" && lstatSync(full, { throwIfNoEntry: false }) === undefined)
    mkdirSync(full);
  if (after.type === "file") copyFileSync(path.join(o.layers.upper, change.path), full);
  if (after.type === "symlink") symlinkSync(after.target ?? "", full);
  if (after.type === "fifo") spawnSync("mkfifo", [full]);
}

function setMetadata(
  full: string,
  o: { before: Xattrs | undefined; after: NextState; native: Native },
): void {
  const { after, native } = o;
  if (after.type === "symlink") return;
  for (const name of native.llistxattr(full))
    if (after.xattrs?.[name] === undefined) native.lremovexattr(full, name);
  for (const [name, value] of Object.entries(after.xattrs ?? {}))
    native.lsetxattr(full, name, Buffer.from(value, "base64"));
  chmodSync(full, after.mode);
}
