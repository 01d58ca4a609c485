import { lstatSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../core/change.js";
import { readRootFacts, readStamp } from "./layers-stamp.js";

/**
 * True where a run left nothing in the upperdir: there are no changes, and nothing needs to be read or
 * synced. Costs five system calls and no library. False also where it is not known: a change of the workspace's own directory
 * (its mode, an attribute) shows by a ctime after the first mount, and only the `oci` engine marks that moment.
 */
export function isUntouched(layers: Layers): boolean {
  if (readdirSync(layers.upper).length > 0) return false;
  const made = readStamp(layers.stamp).upper;
  if (made === undefined) return false;
  const now = readRootFacts(layers.upper);
  if (now.mode !== made.mode || now.uid !== made.uid || now.gid !== made.gid) return false;
  const mountedNs = readCtime(toMountedMark(layers));
  const changedNs = readCtime(layers.upper);
  return mountedNs !== undefined && changedNs !== undefined && changedNs < mountedNs;
}

/** A file whose ctime is a moment after the first mount, which writes to the upperdir itself, and before the task (`stage.pl`). */
function toMountedMark(layers: Layers): string {
  return path.join(layers.work, "mounted");
}

function readCtime(file: string): bigint | undefined {
  return lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ctimeNs;
}
