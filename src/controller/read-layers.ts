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
    : await readTouched(controller, record);
  const sealedNs = readClock(record.layers);
  store.writeChangeset(record.session, changeset, { durable: changeset.changes.length > 0 });
  return {
    changeset,
    fields: { digest: changeset.digest, counts: countChanges(changeset.changes), sealedNs },
  };
}

function emptyChangeset(record: SessionRecord, digest: Changeset["digest"]): Changeset {
  return { schema: "changeset/1", workspaces: record.workspaces, changes: [], notices: [], digest };
}

async function readTouched(controller: Controller, record: SessionRecord): Promise<Changeset> {
  const { readChangeset } = await import("../overlay/read-changeset.js");
  const { sealLayers } = await import("../overlay/seal-layers.js");
  const native = await controller.host.native();
  for (const layers of record.layers) sealLayers(layers, native);
  const committed = await readStampsSince(controller, record);
  const changeset = readChangeset(record.layers, {
    native,
    committed,
    onProgress: (paths) => controller.progress("reading what changed", paths),
  });
  controller.progress("reading what changed", undefined);
  const { keepBases } = await import("./keep-bases.js");
  await keepBases(controller, record, changeset);
  return changeset;
}
