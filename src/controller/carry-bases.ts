import type { BaseState, Change, Changeset } from "../core/change.js";
import { type ChangeContent, toChangeDigest, toChangesetDigest } from "../core/changeset-digest.js";

const CREATED = "was created in the workspace, where the task had made or removed its own";
const GONE = "was deleted from the workspace since the task changed it";
const OWNED = "has another owner in the workspace since the task changed it";

/**
 * `fresh`, read after another task, with the bases that its paths had in `earlier`: the layers hide the workspace at such a path, so
 * that no task since has seen what the host made of it. What was in conflict stays so until somebody decides.
 */
export function carryBases(fresh: Changeset, earlier: Changeset): Changeset {
  const known = new Map(earlier.changes.map((change) => [toPlace(change), change]));
  const changes = fresh.changes.map((change) => {
    const before = known.get(toPlace(change));
    return before === undefined ? change : carryBase(change, before);
  });
  return { ...fresh, changes, digest: toChangesetDigest(changes) };
}

/** A path's place, as a key. */
export function toPlace({ workspace, path }: Pick<Change, "workspace" | "path">): string {
  return `${workspace}/${path}`;
}

function carryBase(change: Change, earlier: Change): Change {
  const { hostTouched } = earlier;
  if (hostTouched !== undefined) return { ...change, hostTouched };
  const { before } = earlier;
  if (before === undefined)
    return change.before === undefined ? change : { ...change, hostTouched: CREATED };
  if (change.before === undefined) return { ...change, hostTouched: GONE };
  // Owners of a result are said by those of its base.
  if (!hasSameOwner(change.before, before)) return { ...change, hostTouched: OWNED };
  return withBase(change, before);
}

function hasSameOwner(a: BaseState, b: BaseState): boolean {
  return a.uid === b.uid && a.gid === b.gid;
}

/** Judged by content against what the first task began with, whenever the host touched it since. */
function withBase(change: Change, before: BaseState): Change {
  const { hostTouched: _, digest: __, ...rest } = change;
  const content: ChangeContent = { ...rest, before };
  return { ...content, digest: toChangeDigest(content) };
}
