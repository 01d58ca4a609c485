import type { BaseState, Change, Layers, NextState, Owner } from "../core/change.js";
import { parentPath, type RelPath } from "../core/path.js";
import type { FileOps } from "../host/confined-ops.js";
import type { ConfinedRoot, Missing } from "../host/confined-root.js";
import type { FileStat } from "../host/confined-stat.js";
import type { WayOut } from "./explain-conflict.js";
import { describeDifference, type Expected, nameType, type Present } from "./same-state.js";

/** How a path of the workspace stands to a change. */
export type Verdict =
  /** As the change found it; `stat` is absent where nothing is there, as for an add. */
  | { readonly verdict: "before"; readonly stat?: FileStat }
  /** As the change would leave it: the host made the same change. */
  | { readonly verdict: "after" }
  | {
      readonly verdict: "conflict";
      readonly reason: string;
      /** What the host did, as a sentence without its subject. */
      readonly host: string;
      readonly ways: readonly WayOut[];
    };

/** What a change is checked against. */
export interface CheckContext {
  readonly ops: FileOps;
  readonly workspace: ConfinedRoot;
  readonly layers: Layers;
  /** True where the plan makes the directory a change lies in, so that it need not be there yet. */
  readonly willExist: (change: Change) => boolean;
  /** True where the plan takes the directory a change lies in away, or makes it something else. */
  readonly willGo: (change: Change) => boolean;
  /** Directories the plan makes that were found absent: what is to come into them need not be looked for. */
  readonly absent: Set<RelPath>;
}

/** Compares the workspace's present state of one path with both sides of a change. Reads only. */
export function checkChange(change: Change, context: CheckContext): Verdict {
  const found = find(change, context);
  if (typeof found === "string") return checkMissing(change, found, context);
  if (isAsFound(change, found)) return { verdict: "before", stat: withHeldTexts(found, change) };
  const present = { at: context.workspace.at(change.path), stat: found };
  const host = describeHostEdit(change, present, context);
  if (host === undefined) return { verdict: "before", stat: found };
  if (isAfter(change, present, context)) return { verdict: "after" };
  return conflict(host, toWays(change, found));
}

/** Lines can be merged where both sides have a file that the task did not make or delete. */
function toWays({ before, after }: Change, stat: FileStat): readonly WayOut[] {
  const isText = stat.type === "file" && after?.type === "file" && before?.type === "file";
  return isText ? ["merge", "theirs", "ours"] : ["theirs", "ours"];
}

function find(change: Change, context: CheckContext): FileStat | Missing {
  const { absent, workspace } = context;
  const parent = parentPath(change.path);
  const isBelow = absent.size > 0 && parent !== undefined && absent.has(parent);
  const found = isBelow ? "parent" : workspace.find(change.path);
  if (change.before === undefined && change.after?.type === "dir" && isAbsent(found))
    absent.add(change.path);
  return found;
}

function isAbsent(found: FileStat | Missing): boolean {
  return found === "name" || found === "parent";
}

/** The very inode of the fingerprint, and nothing has happened to it since: nothing else need be compared. */
function isAsFound({ before, hostTouched }: Change, stat: FileStat): boolean {
  return (
    before !== undefined &&
    hostTouched === undefined &&
    stat.ino === before.ino &&
    stat.ctimeNs === before.ctimeNs &&
    stat.type === before.type &&
    stat.mode === before.mode &&
    stat.uid === before.uid &&
    stat.gid === before.gid &&
    (stat.type !== "file" || (stat.size === before.size && stat.mtimeNs === before.mtimeNs))
  );
}

/** The texts that the change holds anyway instead of copies of them: of a hundred thousand some megabytes. */
function withHeldTexts(found: FileStat, { before }: Change): FileStat {
  if (before === undefined || before.mtimeNs !== found.mtimeNs) return found;
  const { ino, mtimeNs, ctimeNs } = before;
  return { ...found, ino, mtimeNs, ctimeNs };
}

/** What the host did to a path since the task saw it; undefined where it did nothing. */
function describeHostEdit(
  change: Change,
  present: Present,
  context: CheckContext,
): string | undefined {
  if (change.hostTouched !== undefined) return change.hostTouched;
  if (change.before === undefined)
    return `was created on the host (a ${nameType(present.stat.type)})`;
  const difference = describeDifference(context.ops, present, fromBase(change.before));
  return difference === undefined ? undefined : `changed on the host: ${difference}`;
}

function checkMissing(change: Change, missing: Missing, context: CheckContext): Verdict {
  const isMade = change.kind === "add" && context.willExist(change);
  // Whatever is there instead of its directory now, that directory's own change is judged by it.
  if (change.after === undefined && context.willGo(change)) return { verdict: "after" };
  if (missing === "link" && !isMade)
    return conflict("a directory above it is a symbolic link now", ["restore", "ours"]);
  if (change.after === undefined) return { verdict: "after" };
  if (missing === "parent" && !isMade)
    return conflict("the directory it belongs in is gone from the host", ["restore", "ours"]);
  if (change.before !== undefined) return conflict("was deleted on the host", ["theirs", "ours"]);
  if (change.hostTouched !== undefined) return conflict(change.hostTouched, ["theirs", "ours"]);
  return { verdict: "before" };
}

function isAfter(change: Change, present: Present, context: CheckContext): boolean {
  const { after } = change;
  if (after === undefined) return false;
  const expected = toExpected(after, { change, context });
  return describeDifference(context.ops, present, expected) === undefined;
}

function fromBase(before: BaseState): Expected {
  return { ...before, stamp: { ino: before.ino, ctimeNs: before.ctimeNs } };
}

function toExpected(
  after: NextState,
  about: { readonly change: Change; readonly context: CheckContext },
): Expected {
  const { before, path } = about.change;
  const parent = parentPath(path);
  const above = parent === undefined ? "name" : about.context.workspace.find(parent);
  const dir = typeof above === "string" ? undefined : above;
  const { layers } = about.context;
  return {
    ...after,
    uid: toId(after.uid, { base: before?.uid, task: layers.taskUid, parent: dir?.uid }),
    gid: toId(after.gid, { base: before?.gid, task: layers.taskGid, parent: dir?.gid }),
  };
}

/** Undefined: any, where it is for the commit to say whose the result would be. */
function toId(
  owner: Owner,
  ids: {
    readonly base: number | undefined;
    readonly task: number;
    readonly parent: number | undefined;
  },
): number | undefined {
  if (owner === "base") return ids.base;
  if (owner !== "user") return owner;
  return ids.task === ids.parent ? ids.task : undefined;
}

function conflict(reason: string, ways: readonly WayOut[]): Verdict {
  return { verdict: "conflict", reason, host: reason, ways };
}
