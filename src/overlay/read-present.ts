import { closeSync } from "node:fs";
import type { BaseState, Xattrs } from "../core/change.js";
import { baseName, type RelPath } from "../core/path.js";
import { toChildPath } from "../host/dir-handle.js";
import { createFileHasher } from "../host/hash-file.js";
import type { Native } from "../host/native.js";
import { readBaseContent, readBaseStats, toBaseState } from "./base-state.js";
import { readPathXattrs } from "./overlay-marks.js";
import { openParent } from "./read-content.js";

/**
 * The fingerprint of what is at `path` below a workspace now, with its content. Undefined where nothing is there, or its
 * directory is not; `denied` where this user may not read it. No symbolic link is followed.
 */
export function readPresent(
  root: string,
  path: RelPath,
  native: Native,
): BaseState | undefined | "denied" {
  const dirFd = openParent(root, path);
  if (dirFd === undefined) return undefined;
  try {
    const at = { dirFd, name: baseName(path) };
    const stats = readBaseStats(at);
    if (stats === undefined || stats === "denied") return stats;
    const content = readBaseContent(at, stats, createFileHasher());
    if (content === "denied") return "denied";
    const xattrs: Xattrs | undefined = stats.isSymbolicLink()
      ? undefined
      : readPathXattrs(native, toChildPath(dirFd, at.name), { side: "base" }).carried;
    return toBaseState(stats, { ...content, ...(xattrs !== undefined && { xattrs }) });
  } finally {
    closeSync(dirFd);
  }
}
