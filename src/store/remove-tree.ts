import { chmodSync, lstatSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";

/**
 * Removes `target` and all below it; a symbolic link itself, never what it names. Directories that their owner
 * has made inaccessible (overlayfs's `work/work` is mode 000) are opened first. Absent is no error.
 */
export function removeTree(target: string): void {
  try {
    rmSync(target, { recursive: true, force: true });
  } catch (error) {
    if (!hasErrno(error, "EACCES", "EPERM", "ENOTEMPTY")) throw error;
    unlockDirectories(target);
    rmSync(target, { recursive: true, force: true });
  }
}

function unlockDirectories(target: string): void {
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return;
  if ((stat.mode & 0o700) !== 0o700 && stat.uid === process.geteuid?.()) chmodSync(target, 0o700);
  for (const entry of readdirSync(target, { withFileTypes: true }))
    if (entry.isDirectory()) unlockDirectories(path.join(target, entry.name));
}
