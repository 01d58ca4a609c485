import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { AuditEntry } from "../../core/audit-entry.js";
import { isSandboxError } from "../../core/error.js";
import { makeStateHome } from "../state-home.js";
import { toUnlogged } from "./append-audit.js";
import { type AuditFile, withAuditFile } from "./audit-file.js";

/** Appends for a process that has many at once: those that come together share one write and one sync. */
export interface AuditWriter extends AsyncDisposable {
  /** Resolves when it is on disk; rejects where it could not be written: then what it records must not be done. */
  append(entry: AuditEntry): Promise<void>;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** No signature lags further behind what it covers. */
const SIGN_MS = 1000;
const MOST_TOGETHER = 4096;
const syncData = promisify(fdatasync);

/** Opens the audit log of `home`, beside other writers. Disposing of it waits for what was appended, and signs. */
export function openAuditWriter(home: string): AuditWriter {
  makeStateHome(home);
  const writer = new GroupWriter(home);
  return {
    append: (entry) => writer.append(entry),
    [Symbol.asyncDispose]: () => writer.close(),
  };
}

class GroupWriter {
  readonly #home: string;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(home: string) {
    this.#home = home;
  }

  append(entry: AuditEntry): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ entry, done, failed });
      this.#running ??= this.#run();
    });
  }

  async close(): Promise<void> {
    await this.#running;
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#sign();
  }

  async #run(): Promise<void> {
    // What is appended in the same turn goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, MOST_TOGETHER);
      try {
        await this.#write(together.map(({ entry }) => entry));
        for (const { done } of together) done();
      } catch (error) {
        for (const { failed } of together) failed(toUnlogged(error));
      }
      // Those who waited append again before the next write.
      await new Promise(setImmediate);
    }
    this.#running = undefined;
  }

  /** The lock is held for the write only: this process may want it otherwise while the disk works. */
  async #write(entries: readonly AuditEntry[]): Promise<void> {
    const fd = withAuditFile(this.#home, {}, (file) => {
      file.write(entries);
      return openSync(`/proc/self/fd/${file.fd}`, "r");
    });
    try {
      await syncData(fd);
    } finally {
      closeSync(fd);
    }
    this.#timer ??= setTimeout(() => this.#signIfPossible(), SIGN_MS).unref();
  }

  /** What could not be signed now is signed with a later record. */
  #signIfPossible(): void {
    try {
      this.#sign();
    } catch (error) {
      if (!isSandboxError(toUnlogged(error))) throw error;
    }
  }

  #sign(): void {
    this.#timer = undefined;
    withAuditFile(this.#home, {}, signDurably);
  }
}

/** Others may have written since the last sync. */
function signDurably(file: AuditFile): void {
  fdatasyncSync(file.fd);
  file.sign();
}
