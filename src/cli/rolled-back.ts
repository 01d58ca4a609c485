import type { CommitRecord, SessionRecord } from "../core/session.js";

/** What of a session's commits is rolled back; undefined: nothing. `commits` may hold those of others. */
export function toRolledBack(
  record: SessionRecord,
  commits: readonly CommitRecord[],
): "partly" | "wholly" | undefined {
  const states = commits
    .filter(({ session, undoes }) => session === record.session && undoes === undefined)
    .map(({ state }) => state)
    .filter((state) => state !== "open" && state !== "undone");
  if (states.length > 0 && states.every((state) => state === "rolled-back")) return "wholly";
  return states.some((state) => state !== "sealed") ? "partly" : undefined;
}

/** True where its task runs no further until somebody has decided. */
export function isFrozen({ state, frozen }: SessionRecord): boolean {
  return state === "running" && frozen !== undefined;
}

/** A session's state with what was rolled back of it, for a person. */
export function toShownState(record: SessionRecord, commits: readonly CommitRecord[]): string {
  const rolledBack = toRolledBack(record, commits);
  if (isFrozen(record)) return "frozen";
  if (rolledBack === undefined) return hasNothing(record) ? "nothing changed" : record.state;
  return `${record.state}, ${rolledBack === "partly" ? "partly " : ""}rolled back`;
}

/** Whether a run changed nothing: there is nothing to do about it. */
export function hasNothing({ state, counts }: SessionRecord): boolean {
  if (state !== "pending" || counts === undefined) return false;
  return counts.added + counts.modified + counts.deleted === 0;
}
