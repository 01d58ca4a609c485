import { readdirSync } from "node:fs";
import type { Layers } from "../core/change.js";
import { readRootFacts, readStamp } from "./layers-stamp.js";

/**
 * True where a run left nothing in the upperdir: there are no changes, and nothing needs to be read or
 * synced. Costs three system calls. An extended attribute set on the workspace's own directory, and
 * nothing else, is not seen here.
 */
export function isUntouched(layers: Layers): boolean {
  if (readdirSync(layers.upper).length > 0) return false;
  const made = readStamp(layers.stamp).upper;
  if (made === undefined) return false;
  const now = readRootFacts(layers.upper);
  return now.mode === made.mode && now.uid === made.uid && now.gid === made.gid;
}
