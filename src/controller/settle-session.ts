import type { Change, Changeset } from "../core/change.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import type { CommitId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { countChanges } from "./session-review.js";

type Place = Pick<Change, "workspace" | "path">;

/**
 * Writes what is still pending after changes were taken over (`commit`: the commit that did it). The layers
 * of the rest stay; a rename out of them has moved their clock, so they are sealed anew.
 */
export async function settleSession(
  controller: Controller,
  pending: { readonly record: SessionRecord; readonly changeset: Changeset },
  done: { readonly taken: readonly Place[]; readonly commit?: CommitId },
): Promise<SessionRecord> {
  const { store } = controller;
  const { record, changeset } = pending;
  const taken = new Set(done.taken.map((change) => `${change.workspace}/${change.path}`));
  const changes = changeset.changes.filter(
    (change) => !taken.has(`${change.workspace}/${change.path}`),
  );
  const digest = toChangesetDigest(changes);
  const { readClock } = await import("./seal-untouched.js");
  const next: SessionRecord = {
    ...record,
    state: changes.length === 0 ? "committed" : taken.size === 0 ? record.state : "partial",
    digest,
    counts: countChanges(changes),
    sealedNs: readClock(record.layers),
    commits:
      done.commit === undefined || record.commits.includes(done.commit)
        ? record.commits
        : [...record.commits, done.commit],
  };
  store.writeChangeset(record.session, { ...changeset, changes, digest });
  store.updateSession(next);
  return next;
}
