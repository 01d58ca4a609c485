import type { Change, Changeset, Layers } from "../core/change.js";
import { joinPath, parentPath, type RelPath } from "../core/path.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import { type ConfinedRoot, openConfinedRoot } from "../host/confined-root.js";
import type { FileStat } from "../host/confined-stat.js";
import type { Native } from "../host/native.js";
import { checkChange } from "./check-change.js";
import { closeSelection, toKey } from "./close-selection.js";
import { describeTask, type WayOut } from "./explain-conflict.js";
import { naming } from "./failure.js";
import { showPath } from "./show-path.js";

/** A path that cannot be committed, recovered or rolled back as things are, and why, for a person. */
export interface PathConflict {
  readonly workspace: number;
  readonly path: RelPath;
  readonly reason: string;
  /** What the task did here, and what the host did; absent where no task is in question. */
  readonly task?: string;
  readonly host?: string;
  readonly ways?: readonly WayOut[];
}

/** What a commit would do. Any conflict stops it: nothing is written. */
export interface CommitPlan {
  /** To apply, in the changeset's order; directories that are needed come along. */
  readonly changes: readonly Change[];
  /** Selected, and the host made the same change: nothing to do. */
  readonly alreadyThere: readonly Change[];
  readonly conflicts: readonly PathConflict[];
  /** What was at the paths of `changes` when they were compared; a commit compares it with what it finds as it acts. */
  readonly ready: readonly ReadyChange[];
}

/**
 * Compares every selected change with the present state of the workspaces. Reads only, never follows a
 * symbolic link, and runs no program.
 */
export function planCommit(o: {
  readonly changeset: Changeset;
  readonly layers: readonly Layers[];
  /** Indices into `changeset.changes`. */
  readonly selection: "all" | ReadonlySet<number>;
  readonly native: Native;
  /** The system calls, where a test wants others. */
  readonly ops?: FileOps;
}): CommitPlan {
  const chosen = closeSelection(o.changeset, o.selection);
  const ops = o.ops ?? openFileOps(o.native);
  const checked = naming(o.changeset.workspaces.join(", "), () =>
    checkChanges(chosen, { ...o, ops }),
  );
  return {
    ready: checked.ready,
    changes: checked.ready.map(({ change }) => change),
    alreadyThere: checked.alreadyThere,
    conflicts: checked.conflicts,
  };
}

/** A change that can be applied, with what is at its path now (nothing, for an add). */
export interface ReadyChange {
  readonly change: Change;
  readonly present: FileStat | undefined;
}

/** Changes, sorted by what the workspaces' present state means for them. */
interface CheckedChanges {
  readonly ready: readonly ReadyChange[];
  readonly alreadyThere: readonly Change[];
  readonly conflicts: readonly PathConflict[];
}

function checkChanges(
  chosen: readonly Change[],
  o: {
    readonly changeset: Changeset;
    readonly layers: readonly Layers[];
    readonly ops: FileOps;
  },
): CheckedChanges {
  const ready: ReadyChange[] = [];
  const alreadyThere: Change[] = [];
  const conflicts: PathConflict[] = [];
  const planned = toPlanned(chosen);
  o.layers.forEach((layers, index) => {
    const own = chosen.filter((change) => change.workspace === index);
    if (own.length === 0) return;
    using workspace = openConfinedRoot(layers.lower, { ops: o.ops, strict: true });
    const context = {
      ...{ ops: o.ops, workspace, layers, absent: new Set<RelPath>() },
      willExist: (change: Change): boolean => parentOf(change, planned)?.after?.type === "dir",
      willGo: (change: Change): boolean => goes(parentOf(change, planned)),
    };
    for (const change of own) {
      const verdict = checkChange(change, context);
      if (verdict.verdict === "after") alreadyThere.push(change);
      else if (verdict.verdict === "conflict") conflicts.push(toConflict(change, verdict));
      else {
        ready.push({ change, present: verdict.stat });
        conflicts.push(...findKept(change, { workspace, planned, changeset: o.changeset }));
      }
    }
  });
  return { ready, alreadyThere, conflicts };
}

/** By key: the directories the plan leaves or makes something else, and what it deletes. Nothing else is ever asked for. */
function toPlanned(chosen: readonly Change[]): ReadonlyMap<string, Change> {
  const planned = new Map<string, Change>();
  for (const change of chosen)
    if (change.after?.type === "dir" || goes(change))
      planned.set(toKey(change.workspace, change.path), change);
  return planned;
}

function parentOf(change: Change, planned: ReadonlyMap<string, Change>): Change | undefined {
  const parent = parentPath(change.path);
  return parent === undefined ? undefined : planned.get(toKey(change.workspace, parent));
}

/** True for what is deleted, and for a directory that becomes something else. */
function goes(change: Change | undefined): boolean {
  if (change === undefined) return false;
  return (
    change.after === undefined || (change.before?.type === "dir" && change.after.type !== "dir")
  );
}

function toConflict(
  change: Change,
  found: { readonly reason: string; readonly host: string; readonly ways: readonly WayOut[] },
): PathConflict {
  const { workspace, path } = change;
  const { reason, host, ways } = found;
  return { workspace, path, reason, task: describeTask(change), host, ways };
}

/** A directory goes only when everything in it does: names what would be left. */
function findKept(
  change: Change,
  known: {
    readonly workspace: ConfinedRoot;
    readonly planned: ReadonlyMap<string, Change>;
    readonly changeset: Changeset;
  },
): readonly PathConflict[] {
  if (change.before?.type !== "dir" || change.after?.type === "dir") return [];
  const { workspace, path } = change;
  const kept = known.workspace
    .list(path)
    .map((name) => joinPath(path, name))
    .filter((child) => known.planned.get(toKey(workspace, child))?.kind !== "delete");
  const first = kept.toSorted()[0];
  if (first === undefined) return [];
  const own = known.changeset.changes.some(
    (other) => other.workspace === workspace && other.path === first,
  );
  const more = kept.length > 1 ? ` and ${kept.length - 1} more` : "";
  const why = own ? "not selected" : "not among the task's deletions (added on the host?)";
  const holds = `${showPath(first)}${more}`;
  return [
    toConflict(change, {
      reason: `cannot go: it holds ${holds}, ${why}`,
      host: own ? "nothing" : `has ${holds} in it`,
      ways: own ? ["select", "ours"] : ["ours", "restore"],
    }),
  ];
}
