import { planCommit } from "../commit/plan-commit.js";
import type { Change, Changeset } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { isInside } from "../core/system-path.js";
import { findHostEdits } from "../overlay/find-host-edits.js";
import { readClock } from "../overlay/read-clock.js";
import { toPlace } from "./carry-bases.js";
import type { Controller } from "./controller.js";
import { findConflicts } from "./find-conflicts.js";
import { joinRefreshed } from "./join-refreshed.js";
import { toChangeEntries } from "./log-changes.js";
import { loadReview } from "./load-review.js";
import { lockCommit } from "./lock-workspaces.js";
import { readPresentChanges } from "./read-layers.js";
import { readStampsSince } from "./read-stamps-since.js";
import { recoverBefore } from "./recover-workspaces.js";
import { refuseAlive } from "./refuse-alive.js";
import { countChanges, reviewChangeset } from "./session-review.js";
import { toBusy } from "./to-busy.js";

/** What a refresh found. */
export interface RefreshReport {
  readonly record: SessionRecord;
  /** Only the host changed them: the next task begins with them. */
  readonly visible: readonly Pick<Change, "workspace" | "path">[];
  /** The host has the same now. */
  readonly dropped: readonly Change[];
  readonly conflicts: Awaited<ReturnType<typeof findConflicts>>;
  /** Answers of a review that hold still, and that do not. */
  readonly answers: { readonly kept: number; readonly lapsed: number };
}

/**
 * Brings the host's newer edits under a pending session: a new revision, on the workspace as it is now. Nothing of the workspace and of
 * the layers is written. What both sides changed keeps the base the task saw, and so stays in conflict. Killed at any instant, the
 * session is the one before or the one after. Throws `busy` while a task runs or a commit is unfinished, and as `loadReview`.
 */
export async function refreshSession(
  controller: Controller,
  session: SessionId,
): Promise<RefreshReport> {
  const before = await controller.store.readSession(session);
  refuseRunning(before);
  await recoverBefore(controller, before.workspaces);
  await using _locks = await lockCommit(controller, before);
  const locked = await controller.store.readSession(session);
  refuseRunning(locked);
  await refuseHot(controller, locked);
  await refuseAlive(controller, locked);
  const { record, changeset } = await loadReview(controller, session);
  // Before anything is compared: what the host does from now on is not yet seen.
  const refreshedNs = readClock(record.layers);
  const native = await controller.host.native();
  const fresh = await readPresentChanges(controller, record);
  const { layers } = record;
  const plan = planCommit({ changeset, layers, selection: "all", native });
  const joined = joinRefreshed(changeset, { plan, fresh });
  const next = toRefreshed(record, joined.changeset, refreshedNs);
  const visible = await findVisible(controller, record, [
    ...joined.changeset.changes,
    ...joined.dropped,
  ]);
  const answers = await writeRefreshed(controller, { record, next, changeset: joined.changeset });
  const review = reviewChangeset(controller, next, joined.changeset);
  const conflicts = await findConflicts(controller, review);
  return { record: next, visible, dropped: joined.dropped, conflicts, answers };
}

function refuseRunning(record: SessionRecord): void {
  if (record.state === "running")
    throw toBusy(record, "it can be refreshed when its task has ended");
}

/** A tree that is half of a commit is nothing to rest on. */
async function refuseHot(controller: Controller, { workspaces }: SessionRecord): Promise<void> {
  for (const commit of controller.store.listHot()) {
    const others = (await controller.store.readCommit(commit)).workspaces;
    const isOver = others.some((one) =>
      workspaces.some((two) => isInside(one, two) || isInside(two, one)),
    );
    if (isOver)
      throw new SandboxError("busy", `commit ${commit} on the same workspace is unfinished`, {
        hint: "sandbox recover",
      });
  }
}

function toRefreshed(
  record: SessionRecord,
  changeset: Changeset,
  refreshedNs: string,
): SessionRecord {
  return {
    ...record,
    revision: record.revision + 1,
    digest: changeset.digest,
    counts: countChanges(changeset.changes),
    sealedNs: readClock(record.layers),
    refreshedNs,
  };
}

/** Answers are written last: killed before, they lapse, and nothing is approved that was not. */
async function writeRefreshed(
  { store }: Controller,
  o: {
    readonly record: SessionRecord;
    readonly next: SessionRecord;
    readonly changeset: Changeset;
  },
): Promise<RefreshReport["answers"]> {
  const { record, next, changeset } = o;
  const { session } = record;
  const saved = await store.readDecisions(session, record.revision);
  const pending = new Set(changeset.changes.map(({ digest }) => digest));
  const kept = saved.filter(({ change }) => pending.has(change));
  store.appendAudit({ event: "refresh.started", session }, { sign: false });
  store.stageChangeset(session, changeset);
  store.updateSession(next);
  await store.adoptChangeset(session);
  if (kept.length > 0) store.writeDecisions(session, { revision: next.revision, decisions: kept });
  const answers = { kept: kept.length, lapsed: saved.length - kept.length };
  const data = { revision: next.revision, counts: { ...next.counts }, answers };
  store.appendAudit([
    ...toChangeEntries({ event: "session.changes", session }, changeset.changes),
    { event: "session.refreshed", session, digest: changeset.digest, data },
  ]);
  return answers;
}

/** What the host touched, without what the layers hide. */
async function findVisible(
  controller: Controller,
  record: SessionRecord,
  hidden: readonly Change[],
): Promise<RefreshReport["visible"]> {
  const { refreshedNs } = record;
  const since = refreshedNs === undefined ? undefined : BigInt(refreshedNs);
  const committed = await readStampsSince(controller, record);
  const places = new Set(hidden.map(toPlace));
  return record.layers.flatMap((layers, workspace) =>
    findHostEdits(layers, {
      since,
      committed: committed.filter((stamp) => stamp.workspace === workspace),
    })
      .map((path) => ({ workspace, path }))
      .filter((place) => !places.has(toPlace(place))),
  );
}
