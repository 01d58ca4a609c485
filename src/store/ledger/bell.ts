import { closeSync, type FSWatcher, futimesSync, openSync, watch } from "node:fs";

/** Tells all processes that something in the ledger changed. */
export interface Bell extends Disposable {
  /** Wakes whoever waits, in every process. */
  ring(): void;
  /** Resolves with the next ring since the last call began, after `ms` at the latest, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/**
 * A bell at `file`: a ring sets its times, and inotify tells. A ring that gets lost (no inotify watches left) costs a waiter no more than
 * its own `ms`.
 */
export function openBell(file: string): Bell {
  const waiting = new Set<() => void>();
  let watcher: FSWatcher | undefined;
  let missed = true;
  const wake = (): void => {
    missed = true;
    for (const tell of [...waiting]) tell();
  };
  return {
    ring: () => ringFile(file),
    wait: async (ms, signal) => {
      watcher ??= tryWatch(file, wake);
      if (missed || signal.aborted) {
        missed = false;
        return;
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms);
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        }
        waiting.add(done);
        signal.addEventListener("abort", done);
      });
      missed = false;
    },
    [Symbol.dispose]: () => {
      watcher?.close();
      wake();
    },
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
function tryWatch(file: string, wake: () => void): FSWatcher | undefined {
  try {
    ringFile(file);
    const watcher = watch(file, { persistent: false }, wake);
    watcher.on("error", () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
