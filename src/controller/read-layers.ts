import type { Changeset } from "../core/change.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { readStampsSince } from "./read-stamps-since.js";
import { countChanges } from "./session-review.js";

/** A changeset as it was read and stored, and what the session's record says of it. */
export interface SealedLayers {
  readonly changeset: Changeset;
  readonly fields: Required<Pick<SessionRecord, "digest" | "counts" | "sealedNs">>;
}

/**
 * Reads the layers of a session whose sandbox is dead, makes them durable and stores the changeset.
 * Layers nothing was written to cost no more than a look.
 */
export async function readLayers(
  controller: Controller,
  record: SessionRecord,
): Promise<SealedLayers> {
  const { store } = controller;
  const { isUntouched, readClock, toChangesetDigest } = await import("./seal-untouched.js");
  const changeset = record.layers.every(isUntouched)
    ? emptyChangeset(record, toChangesetDigest([]))
    : await withBases(controller, record, await readTouched(controller, record));
  const sealedNs = readClock(record.layers);
  store.writeChangeset(record.session, changeset, { durable: changeset.changes.length > 0 });
  return {
    changeset,
    fields: { digest: changeset.digest, counts: countChanges(changeset.changes), sealedNs },
  };
}

/** Every path at which the layers differ from the workspace as it is now. Writes nothing. */
export async function readPresentChanges(
  controller: Controller,
  record: SessionRecord,
): Promise<Changeset> {
  const { readChangeset } = await import("../overlay/read-changeset.js");
  const { refreshedNs } = record;
  const changeset = readChangeset(record.layers, {
    native: await controller.host.native(),
    committed: await readStampsSince(controller, record),
    since: refreshedNs === undefined ? undefined : BigInt(refreshedNs),
    onProgress: (paths) => controller.progress("reading what changed", paths),
  });
  controller.progress("reading what changed", undefined);
  return changeset;
}

/** After a refresh the time of an edit no longer tells that a task did not see it: what was pending before keeps its base. */
async function withBases(
  controller: Controller,
  record: SessionRecord,
  changeset: Changeset,
): Promise<Changeset> {
  if (record.refreshedNs === undefined) return changeset;
  const { carryBases } = await import("./carry-bases.js");
  return carryBases(changeset, await controller.store.readChangeset(record.session));
}

function emptyChangeset(record: SessionRecord, digest: Changeset["digest"]): Changeset {
  return { schema: "changeset/1", workspaces: record.workspaces, changes: [], notices: [], digest };
}

async function readTouched(controller: Controller, record: SessionRecord): Promise<Changeset> {
  const { sealLayers } = await import("../overlay/seal-layers.js");
  const native = await controller.host.native();
  for (const layers of record.layers) sealLayers(layers, native);
  const changeset = await readPresentChanges(controller, record);
  const { keepBases } = await import("./keep-bases.js");
  await keepBases(controller, record, changeset);
  return changeset;
}
