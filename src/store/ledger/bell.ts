import { closeSync, type FSWatcher, futimesSync, openSync, watch } from "node:fs";

/** Tells all processes that something in the ledger changed. */
export interface Bell extends Disposable {
  /** Wakes whoever listens, in every process. */
  ring(): void;
  listen(): BellListener;
}

/** One that hears each ring, also between two waits. */
interface BellListener extends Disposable {
  /** Resolves with the next ring since the last call ended (at once the first time), after `ms` at the latest, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * A bell at `file`: a ring sets its times, and inotify tells. A ring that gets lost (no inotify watches left) costs a listener no more than
 * its own `ms`.
 */
export function openBell(file: string): Bell {
  const listeners = new Set<() => void>();
  let watcher: FSWatcher | undefined;
  return {
    ring: () => ringFile(file),
    listen: () => {
      watcher ??= tryWatch(file, () => {
        for (const tell of [...listeners]) tell();
      });
      return openListener(listeners);
    },
    [Symbol.dispose]: () => watcher?.close(),
  };
}

function openListener(listeners: Set<() => void>): BellListener {
  let isRung = true;
  let wake: (() => void) | undefined;
  const hear = (): void => {
    isRung = true;
    wake?.();
  };
  listeners.add(hear);
  return {
    wait: async (ms, signal) => {
      if (!isRung && !signal.aborted)
        await new Promise<void>((resolve) => {
          const done = (): void => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            wake = undefined;
            resolve();
          };
          const timer = setTimeout(done, ms);
          signal.addEventListener("abort", done);
          wake = done;
        });
      isRung = false;
    },
    [Symbol.dispose]: () => listeners.delete(hear),
  };
}

function ringFile(file: string): void {
  const descriptor = openSync(file, "a", 0o600);
  try {
    const now = new Date();
    futimesSync(descriptor, now, now);
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined where the kernel gives no watch: then only the clock wakes. */
function tryWatch(file: string, tell: () => void): FSWatcher | undefined {
  try {
    ringFile(file);
    const watcher = watch(file, { persistent: false }, tell);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
