import { readlinkSync, symlinkSync, unlinkSync } from "node:fs";
import { hasErrno, SandboxError } from "../core/error.js";
import type { ProcessStamp } from "../core/session.js";
import { tryLock } from "./file-lock.js";
import { openNative } from "./native.js";
import { pauseThread } from "./pause-thread.js";
import { isAlive, readProcessStamp } from "./process-stamp.js";

const POLL_MS = 2;

/**
 * Runs `work` while holding a lock that costs two system calls: a symbolic link at `path` whose target is the
 * owner's process stamp (made by one call, so it is never seen half written). For short work only: it waits
 * without yielding. A dead owner's link is removed. Throws `busy` after `timeoutMs`.
 */
export function withOwnerLock<T>(path: string, options: { timeoutMs: number }, work: () => T): T {
  const end = performance.now() + options.timeoutMs;
  while (!tryLink(path)) {
    if (performance.now() >= end)
      throw new SandboxError("busy", `${path} is held by another process`, {
        hint: "try again; if no sandbox command is running, remove that link",
      });
    if (!isAbandoned(path) || !clearAbandoned(path)) pauseThread(POLL_MS);
  }
  try {
    return work();
  } finally {
    unlinkSync(path);
  }
}

function tryLink(path: string): boolean {
  const self = readProcessStamp();
  if (self === undefined) throw new Error("/proc does not show this process");
  try {
    symlinkSync(`${self.pid}:${self.startTime}:${self.bootId}`, path);
    return true;
  } catch (error) {
    if (hasErrno(error, "EEXIST")) return false;
    throw error;
  }
}

/**
 * Removes a dead owner's link; false where another process is at it. Under flock(2), so that nobody removes the
 * link of the next owner: a dead one removes nothing, and no other clearer is in here. Rare, hence libc only here.
 */
function clearAbandoned(path: string): boolean {
  using clearing = tryLock(openNative(), `${path}.clear`);
  if (clearing === undefined) return false;
  if (isAbandoned(path)) unlinkSync(path);
  return true;
}

function isAbandoned(path: string): boolean {
  try {
    const stamp = parseStamp(readlinkSync(path));
    return stamp !== undefined && !isAlive(stamp);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "EINVAL")) return false;
    throw error;
  }
}

function parseStamp(text: string): ProcessStamp | undefined {
  const match = /^(\d+):(\d+):([0-9a-f-]+)$/.exec(text);
  const [, pid, startTime, bootId] = match ?? [];
  if (pid === undefined || startTime === undefined || bootId === undefined) return undefined;
  return { pid: Number(pid), startTime, bootId };
}
