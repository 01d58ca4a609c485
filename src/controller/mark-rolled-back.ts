import type { CommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { readLineage } from "./read-lineage.js";

/**
 * Brings the state of `commit` up to date after a rollback of it was sealed, and of what it undoes itself: of a rollback
 * that is undone, the commit it had undone is in force again.
 */
export async function markRolledBack(
  controller: Controller,
  commit: CommitId,
): Promise<CommitRecord> {
  const { store } = controller;
  const record = await store.readCommit(commit);
  const { state } = await readLineage(store, record);
  const next: CommitRecord = { ...record, state };
  store.updateCommit(next);
  if (record.undoes !== undefined) await markRolledBack(controller, record.undoes);
  return next;
}
