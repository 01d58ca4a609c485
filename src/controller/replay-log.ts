import { readJournal } from "../commit/read-journal.js";
import type { AuditRecord } from "../core/audit-entry.js";
import { isSandboxError } from "../core/error.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { Controller } from "./controller.js";
import { type LoggedChange, toContent } from "./log-changes.js";
import { type LoggedList, type ReplayedSession, replaySession } from "./replayed-session.js";

/** What the log and what is stored say differently. */
interface ReplayDifference {
  /** The commit whose journal differs; absent: the pending changeset. */
  readonly commit?: CommitId;
  readonly workspace?: number;
  readonly path?: RelPath;
  readonly why: string;
}

/** Whether the log and what is stored of a session agree. */
export interface ReplayReport {
  readonly session: SessionId;
  readonly agrees: boolean;
  /** Paths that are pending by the log; undefined where it does not have them. */
  readonly pending: number | undefined;
  readonly digest: Digest | undefined;
  readonly commits: readonly { readonly commit: CommitId; readonly changes: number }[];
  readonly workspaces: readonly string[];
  /** At most 100. */
  readonly differences: readonly ReplayDifference[];
}

const MOST_DIFFERENCES = 100;

/** Rebuilds the manifest of `session` from the log and compares it with the stored changeset and the journals of its commits. */
export async function replayLog(controller: Controller, session: SessionId): Promise<ReplayReport> {
  const { store } = controller;
  const replayed = replaySession(recordsOf((await store.openAudit()).records(), session));
  const { pending, digest, commits } = replayed;
  const stored = await findStored(controller, session);
  const differences: ReplayDifference[] = replayed.faults.map((why) => ({ why }));
  if (pending === undefined && commits.size === 0)
    differences.push({ why: "the log does not have the changes of this session" });
  if (stored !== undefined && !replayed.isDiscarded)
    differences.push(...comparePending(replayed, stored));
  for (const [commit, list] of commits)
    differences.push(...compareJournal(store.commitDir(commit), commit, list));
  return {
    session,
    agrees: differences.length === 0,
    pending: pending?.size,
    digest,
    commits: [...commits].map(([commit, { size }]) => ({ commit, changes: size })),
    workspaces: stored?.workspaces ?? [],
    differences: differences.slice(0, MOST_DIFFERENCES),
  };
}

function* recordsOf(records: Iterable<AuditRecord>, session: SessionId): Iterable<AuditRecord> {
  for (const record of records) if (record.session === session) yield record;
}

interface Stored {
  readonly workspaces: readonly string[];
  readonly digest: Digest | undefined;
  /** Digests of changes, by place; undefined where the changeset was removed with the layers. */
  readonly changes: ReadonlyMap<string, Digest> | undefined;
}

/** Undefined where the session is gone: the log outlives it. */
async function findStored({ store }: Controller, session: SessionId): Promise<Stored | undefined> {
  try {
    const { workspaces, digest } = await store.readSession(session);
    const changes = await store.readChangeset(session).then(
      (changeset) =>
        new Map(changeset.changes.map((one) => [`${one.workspace}/${one.path}`, one.digest])),
      (error: unknown) => refuseOther(error),
    );
    return { workspaces, digest, changes };
  } catch (error) {
    return refuseOther(error);
  }
}

function refuseOther(error: unknown): undefined {
  if (isSandboxError(error) && error.code === "not-found") return undefined;
  throw error;
}

function* comparePending(
  { pending = new Map(), digest }: ReplayedSession,
  stored: Stored,
): Iterable<ReplayDifference> {
  if (stored.digest !== undefined && digest !== undefined && stored.digest !== digest)
    yield { why: `the session has ${stored.digest}, the log ${digest}` };
  if (stored.changes === undefined) return;
  for (const [place, change] of stored.changes) {
    const logged: LoggedChange | undefined = pending.get(place);
    if (logged === undefined) yield { ...toPlace(place), why: "pending, and not in the log" };
    else if (`sha256:${logged[3]}` !== change)
      yield { ...toPlace(place), why: "another change than the one in the log" };
  }
  for (const place of pending.keys())
    if (!stored.changes.has(place)) yield { ...toPlace(place), why: "in the log, and not pending" };
}

function* compareJournal(
  commitDir: string,
  commit: CommitId,
  list: LoggedList,
): Iterable<ReplayDifference> {
  const steps = readSteps(commitDir);
  if (typeof steps === "string") return yield { commit, why: steps };
  const written = new Map(steps.map((step) => [`${step.workspace}/${step.path}`, step]));
  for (const [place, [, , , , before, after]] of list) {
    const step = written.get(place);
    if (step === undefined) yield { commit, ...toPlace(place), why: "in the log, and not written" };
    else if (differs(toContent(step.before), before) || differs(toContent(step.after), after))
      yield { commit, ...toPlace(place), why: "other content than in the log" };
  }
  for (const place of written.keys())
    if (!list.has(place)) yield { commit, ...toPlace(place), why: "written, and not in the log" };
}

/** A file's content may have been read by one of the two only: then its digest says nothing. */
function differs(one: string | null, two: string | null): boolean {
  const isUnread = (content: string | null): boolean => content === "file";
  return one !== two && !isUnread(one) && !isUnread(two);
}

function readSteps(
  commitDir: string,
): NonNullable<ReturnType<typeof readJournal>["transaction"]>["steps"] | string {
  try {
    return readJournal(commitDir).transaction?.steps ?? [];
  } catch (error) {
    if (isSandboxError(error)) return error.message;
    throw error;
  }
}

function toPlace(place: string): { readonly workspace: number; readonly path: RelPath } {
  const slash = place.indexOf("/");
  return { workspace: Number(place.slice(0, slash)), path: place.slice(slash + 1) as RelPath };
}
