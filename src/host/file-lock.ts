import { closeSync, constants, openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../core/error.js";
import { LOCK_EX, LOCK_NB, type Native } from "./native.js";

/** What is locked. */
export interface LockOptions {
  /** The path is a directory that is there: its own descriptor is locked and nothing is created. */
  readonly directory?: boolean;
}

/** How long `lock` waits. */
export interface LockWait extends LockOptions {
  readonly timeoutMs: number;
  readonly abort?: AbortSignal;
  /** Called once, when the lock is not had at the first try. */
  readonly onWait?: () => void;
}

const POLL_MS = 25;
const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const OPEN_FILE = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/**
 * An exclusive flock(2) on `path`, or undefined where another open descriptor has it. The kernel lets go of it
 * with the process, however that ends. A lock file is made where it is missing and is never removed: a
 * removed one could be locked twice.
 */
export function tryLock(
  native: Pick<Native, "flock">,
  path: string,
  options: LockOptions = {},
): Disposable | undefined {
  const fd = openSync(path, options.directory === true ? OPEN_DIRECTORY : OPEN_FILE, 0o600);
  let held = false;
  try {
    held = native.flock(fd, LOCK_EX | LOCK_NB);
  } finally {
    if (!held) closeSync(fd);
  }
  return held ? toDisposable(fd) : undefined;
}

/** As `tryLock`, but waits. Throws `busy` when the time is over, or the signal's reason. */
export async function lock(
  native: Pick<Native, "flock">,
  path: string,
  wait: LockWait,
): Promise<Disposable> {
  const end = performance.now() + wait.timeoutMs;
  for (let first = true; ; first = false) {
    wait.abort?.throwIfAborted();
    const held = tryLock(native, path, wait);
    if (held !== undefined) return held;
    if (first) wait.onWait?.();
    if (performance.now() >= end)
      throw new SandboxError("busy", `${path} is locked by another process`, {
        hint: "wait for the other command to end, then try again",
      });
    await delay(POLL_MS, undefined, wait.abort === undefined ? {} : { signal: wait.abort });
  }
}

function toDisposable(fd: number): Disposable {
  let open = true;
  return {
    [Symbol.dispose]: () => {
      if (open) closeSync(fd);
      open = false;
    },
  };
}
