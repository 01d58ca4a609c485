import { lstatSync } from "node:fs";
import type { Changeset } from "../core/change.js";
import { toChangeDigest, toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { readStamp } from "../overlay/layers-stamp.js";
import { findAltered } from "../overlay/find-altered.js";
import type { Controller, Native } from "./controller.js";
import { toChangeEntries } from "./log-changes.js";
import { readLayers } from "./read-layers.js";
import { refuseAlive } from "./refuse-alive.js";
import { reviewChangeset, type SessionReview } from "./session-review.js";
import { toBusy } from "./to-busy.js";

/**
 * The pending changes of a session, judged. The changeset is the one that was sealed when the task ended; the
 * layers must still be as they were then. Throws `changed-since-review` naming what was altered, `busy`
 * while the task runs, `usage` for a session without pending changes of any kind (committed, discarded, failed).
 */
export async function loadReview(
  controller: Controller,
  session: SessionId,
): Promise<SessionReview> {
  const record = await controller.store.readSession(session);
  if (record.state === "committed") throw await toCommitted(controller, record);
  refuseSettled(record);
  const read = await loadChangeset(controller, record);
  refuseMoved(read.record);
  refuseAltered(read.record, await controller.host.native());
  return reviewChangeset(controller, read.record, read.changeset);
}

/** What was undone is not pending again: it lies in the rollback, which can be undone. */
async function toCommitted({ store }: Controller, record: SessionRecord): Promise<SandboxError> {
  const { session } = record;
  const { commits } = await store.listCommits();
  const last = commits.findLast((one) => one.session === session && one.state === "sealed");
  const isUndone = last?.undoes !== undefined;
  return new SandboxError(
    "usage",
    `session ${session} is committed${isUndone ? " and rolled back" : ""}: nothing of it is pending`,
    {
      hint: isUndone
        ? `\`sandbox rollback ${last.commit}\` brings it back`
        : `\`sandbox rollback ${last?.commit ?? "COMMIT"}\` undoes it`,
    },
  );
}

function refuseSettled(record: SessionRecord): void {
  switch (record.state) {
    case "pending":
    case "partial":
    case "interrupted":
    case "committed":
      return;
    case "running":
      throw toBusy(record, "its changes can be read when the task has ended");
    case "discarded":
      throw new SandboxError("usage", `session ${record.session} was discarded`);
    case "failed":
      throw new SandboxError(
        "usage",
        `session ${record.session} failed: ${record.reason ?? "its task did not run"}`,
      );
  }
}

/** The sealed changeset; of a session whose controller was killed, the layers are read now and sealed. */
async function loadChangeset(
  controller: Controller,
  record: SessionRecord,
): Promise<{ record: SessionRecord; changeset: Changeset }> {
  if (record.sealedNs !== undefined) {
    const changeset = await controller.store.readChangeset(record.session);
    refuseEdited(record, changeset);
    return { record, changeset };
  }
  await refuseAlive(controller, record);
  const sealed = await readLayers(controller, record);
  const next: SessionRecord = { ...record, ...sealed.fields, state: "interrupted" };
  const { session } = record;
  const { digest, changes } = sealed.changeset;
  controller.store.appendAudit([
    ...toChangeEntries({ event: "session.changes", session }, changes),
    { event: "session.read", session, digest, data: { counts: { ...sealed.fields.counts } } },
  ]);
  controller.store.updateSession(next);
  return { record: next, changeset: sealed.changeset };
}

/** The stored changeset must be the one the digests were made of: it is what was shown and approved. */
function refuseEdited(record: SessionRecord, changeset: Changeset): void {
  const edited = changeset.changes.find((change) => toChangeDigest(change) !== change.digest);
  const isWhole = toChangesetDigest(changeset.changes) === record.digest;
  const isPlaced = record.layers.every(({ lower }, at) => lower === record.workspaces[at]);
  if (edited === undefined && isWhole && isPlaced) return;
  throw new SandboxError(
    "changed-since-review",
    `the record of ${record.session} was altered after the task ended${edited === undefined ? "" : `: ${edited.path}`}`,
    { hint: "nothing was written; discard the session and run its task again" },
  );
}

/** Another directory in a workspace's place is another tree: nothing of this session belongs there. */
function refuseMoved(record: SessionRecord): void {
  for (const { lower, stamp } of record.layers) {
    const was = readStamp(stamp).lower?.ino;
    const now = lstatSync(lower, { bigint: true, throwIfNoEntry: false });
    if (was === undefined || (now?.isDirectory() === true && `${now.ino}` === was)) continue;
    throw new SandboxError("conflict", `${lower} is no longer the directory it was`, {
      hint: "put it back where it was; the session is kept",
    });
  }
}

function refuseAltered(record: SessionRecord, native: Native): void {
  const { sealedNs } = record;
  if (sealedNs === undefined) return;
  const altered = record.layers.flatMap((layers) => findAltered(layers, { sealedNs, native }));
  const first = altered[0];
  if (first === undefined) return;
  throw new SandboxError(
    "changed-since-review",
    `the layers of ${record.session} were altered after the task ended: ${first}`,
    { hint: "nothing was written; what was reviewed is no longer what is there" },
  );
}
