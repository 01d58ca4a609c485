import type { CommitPlan } from "../commit/plan-commit.js";
import type { Change, Changeset, NextState } from "../core/change.js";
import { compareChanges, toChangesetDigest } from "../core/changeset-digest.js";
import { SandboxError } from "../core/error.js";
import { isSameXattrs } from "../core/same-xattrs.js";
import { toPlace } from "./carry-bases.js";

/** A pending changeset against the workspace as it is now. */
export interface JoinedChangeset {
  readonly changeset: Changeset;
  /** The host has the same now: nothing of them is pending any more. */
  readonly dropped: readonly Change[];
}

const ADDED = "was created in the workspace, in a directory that the task deleted or emptied";
const EDITED = "changed in the workspace, while the layers still have what was there before";

/**
 * Joins what was pending with what is read now (`fresh`, of the same layers). What is still pending keeps the base it was made on, so that
 * what both sides changed stays in conflict; what only now differs is the host's doing, and in conflict too. Throws
 * `changed-since-review` where the layers are not those of `pending`, `conflict` where the workspace changes meanwhile.
 */
export function joinRefreshed(
  pending: Changeset,
  now: { readonly plan: CommitPlan; readonly fresh: Changeset },
): JoinedChangeset {
  const fresh = new Map(now.fresh.changes.map((change) => [toPlace(change), change]));
  const same = new Set(now.plan.alreadyThere.map(toPlace));
  const dropped: Change[] = [];
  const kept: Change[] = [];
  for (const change of pending.changes) {
    const found = fresh.get(toPlace(change));
    fresh.delete(toPlace(change));
    if (found !== undefined) kept.push(withStamp(change, found));
    // A name of an inode that others still name stays: a commit finds that there is nothing to do.
    else if (change.after?.linkGroup !== undefined) kept.push(change);
    else if (same.has(toPlace(change)) || isUndone(change)) dropped.push(change);
    else throw toMoving(change);
  }
  const added = [...fresh.values()].map(toConflict);
  const changes = [...kept, ...added].sort(compareChanges);
  const { notices } = now.fresh;
  const digest = toChangesetDigest(changes);
  return { changeset: { ...pending, changes, notices, digest }, dropped };
}

function toConflict(change: Change): Change {
  return { ...change, hostTouched: change.kind === "delete" ? ADDED : EDITED };
}

/** A later task brought back what there was, and so, by now, did the host. */
function isUndone({ before, after }: Change): boolean {
  return (
    before !== undefined &&
    after !== undefined &&
    before.type === after.type &&
    before.mode === after.mode &&
    before.digest === after.digest &&
    before.target === after.target
  );
}

/** Reading what withholds its own rights moves its clock. */
function withStamp(change: Change, found: Change): Change {
  const { after } = change;
  if (!isSameResult(after, found.after))
    throw new SandboxError(
      "changed-since-review",
      `the layers were altered after the task ended: ${change.path}`,
      { hint: "nothing was written; what was reviewed is no longer what is there" },
    );
  if (after === undefined || found.after === undefined) return change;
  return { ...change, after: { ...after, upper: found.after.upper } };
}

function isSameResult(a: NextState | undefined, b: NextState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  // The mode of the workspace's own directory is read as the host's where the task left it.
  if (a.type === "dir" && b.type === "dir") return a.upper.ino === b.upper.ino;
  return (
    a.type === b.type &&
    a.mode === b.mode &&
    a.digest === b.digest &&
    a.target === b.target &&
    a.upper.ino === b.upper.ino &&
    isSameXattrs(a.xattrs, b.xattrs)
  );
}

function toMoving(change: Change): SandboxError {
  return new SandboxError("conflict", `${change.path} changed in the workspace while it was read`, {
    hint: "nothing was written; try again",
  });
}
