import type { AppliedPath } from "../commit/read-applied.js";
import type { BaseState, Change, Changeset } from "../core/change.js";
import { toChangeDigest, toChangesetDigest } from "../core/changeset-digest.js";
import type { CommitId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { countChanges } from "./session-review.js";

type Place = Pick<Change, "workspace" | "path"> & Pick<AppliedPath, "partly">;

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
  const taken = new Map(done.taken.map((place) => [`${place.workspace}/${place.path}`, place]));
  const changes = changeset.changes.flatMap((change) => {
    const place = taken.get(`${change.workspace}/${change.path}`);
    if (place === undefined) return [change];
    return place.partly === undefined ? [] : [toRest(change, place.partly)];
  });
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

/** What is left of a change once a part of it was written: the same result, made on what is there now. */
export function toRest(
  change: Change,
  written: Pick<BaseState, "mode" | "uid" | "gid" | "size"> & Partial<BaseState>,
): Change {
  const { hostTouched: _, digest: __, ...kept } = change;
  const { mode, uid, gid, size, digest, xattrs } = written;
  const before: BaseState = {
    ...{ type: "file", mode, uid, gid, size, nlink: 1 },
    ...{ mtimeNs: written.mtimeNs ?? "0", ctimeNs: written.ctimeNs ?? "0" },
    ...{ ino: written.ino ?? "0", dev: change.before?.dev ?? "0" },
    ...(digest !== undefined && { digest }),
    ...(xattrs !== undefined && { xattrs }),
  };
  const rest = { ...kept, before };
  return { ...rest, digest: toChangeDigest(rest) };
}
