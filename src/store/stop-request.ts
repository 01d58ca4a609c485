import { existsSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * A wish, left in the directory of a session, that the task of one revision of it ends. Whoever runs that task looks for it: no process
 * is signalled, so none can be taken for another, and only who owns the state directory can leave one.
 */
export function askStop(sessionDir: string, revision: number): void {
  writeFileSync(toFile(sessionDir, revision), "", { mode: 0o600 });
}

/** Cheap: for whoever looks again and again. */
export function isStopAsked(sessionDir: string, revision: number): boolean {
  return existsSync(toFile(sessionDir, revision));
}

/** None there is no error. */
export function clearStop(sessionDir: string, revision: number): void {
  rmSync(toFile(sessionDir, revision), { force: true });
}

function toFile(sessionDir: string, revision: number): string {
  return path.join(sessionDir, `stop-${revision}`);
}
