import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { SessionId } from "../core/ids.js";

/**
 * Wishes, left in the directory of a session, that the task of one revision of it ends. Whoever runs that task looks for it: no process
 * is signalled, so none can be taken for another, and only who owns the state directory can leave one.
 */
export interface StopRequests {
  askStop(id: SessionId, revision: number): void;
  /** Cheap: for whoever looks again and again. */
  isStopAsked(id: SessionId, revision: number): boolean;
  /** None there is no error. */
  clearStop(id: SessionId, revision: number): void;
}

export function openStopRequests(sessionDir: (id: SessionId) => string): StopRequests {
  const fileOf = (id: SessionId, revision: number): string =>
    path.join(sessionDir(id), `stop-${revision}`);
  return {
    askStop: (id, revision) => writeFileSync(fileOf(id, revision), "", { mode: 0o600 }),
    isStopAsked: (id, revision) => existsSync(fileOf(id, revision)),
    clearStop: (id, revision) => rmSync(fileOf(id, revision), { force: true }),
  };
}
