import type { Change, Layers, NextState } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import type { FileStat } from "../host/confined-stat.js";
import { isOverlayMark, readValues } from "./carried-xattrs.js";
import type { Draft, DraftSource } from "./draft.js";
import type { ReadyChange } from "./plan-commit.js";
import { createOwners, type NewFiles } from "./resolve-owner.js";
import { upperRoot } from "./roots.js";
import { describeDifference } from "./same-state.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { PathState, Place } from "./step.js";
import { refuseOverlayMarks } from "./to-steps.js";

/** What turns changes into drafts. */
export interface CommitContext extends Workbench {
  readonly layers: readonly Layers[];
  readonly newFiles: NewFiles;
}

/**
 * Changes → drafts. Every path is looked at again in the upperdir: what was altered there since it was read is read again, and
 * if it is not what the change says, nothing is committed (`changed-since-review`).
 */
export function draftCommit(
  context: CommitContext,
  ready: readonly ReadyChange[],
): readonly Draft[] {
  const found = ready.map((item) => ({ ...item, upper: findUpper(context, item.change) }));
  const names = new Map<string, number>();
  for (const { change, upper } of found) {
    if (upper?.type === "file") count(names, `${change.workspace}/${upper.ino}`);
  }
  const owners = createOwners(context);
  return found.map((item) => {
    const { change, present, upper } = item;
    const { workspace, path, after, before } = change;
    const known = {
      ...(before?.digest !== undefined && { digest: before.digest }),
      ...(before?.target !== undefined && { target: before.target }),
      ...(before?.xattrs !== undefined && { xattrs: before.xattrs }),
    };
    const draft = { workspace, path, known, ...(present !== undefined && { present }) };
    if (after === undefined || upper === undefined) return draft;
    const owner = owners(change, present);
    const sole = upper.nlink <= (names.get(`${workspace}/${upper.ino}`) ?? 1);
    return {
      ...draft,
      after: toState(after, { ...owner, upper }),
      source: toSource(context, change, { upper, sole }),
    };
  });
}

function count(names: Map<string, number>, key: string): void {
  names.set(key, (names.get(key) ?? 0) + 1);
}

function toState(
  after: NextState,
  known: { readonly uid: number; readonly gid: number; readonly upper: FileStat },
): PathState {
  const { type, mode, size, digest, target, xattrs } = after;
  return {
    ...{ type, mode, size, uid: known.uid, gid: known.gid },
    mtimeNs: type === "dir" ? after.mtimeNs : known.upper.mtimeNs,
    ...(digest !== undefined && { digest }),
    ...(target !== undefined && { target }),
    ...(xattrs !== undefined && { xattrs }),
  };
}

/** The path in the upperdir, as the change says it is; undefined for a deletion. */
function findUpper(context: CommitContext, change: Change): FileStat | undefined {
  const place = toUpper(change);
  const stat = context.roots.stat(place);
  const { after } = change;
  if (after === undefined) {
    if (stat === undefined || stat.whiteout) return undefined;
    throw altered(change, "it is there again");
  }
  if (stat === undefined) throw altered(change, "it is gone");
  refuseOverlayMarks(change.path, Object.keys(after.xattrs ?? {}).filter(isOverlayMark));
  const untouched = stat.ino === after.upper.ino && stat.ctimeNs === after.upper.ctimeNs;
  if (untouched && stat.type === after.type) return stat;
  const expected = { ...after, uid: undefined, gid: undefined };
  const difference = describeDifference(
    context.ops,
    { at: context.roots.at(place), stat },
    expected,
  );
  if (difference !== undefined) throw altered(change, difference);
  return stat;
}

function toUpper(change: Change): Place {
  return { root: upperRoot(change.workspace), path: change.path };
}

function altered(change: Change, how: string): SandboxError {
  return new SandboxError(
    "changed-since-review",
    `${showPath(change.path)}: altered in the layers after it was reviewed: ${how}`,
    { hint: "look at `sandbox diff` again; nothing was written" },
  );
}

function toSource(
  context: CommitContext,
  change: Change,
  known: { readonly upper: FileStat; readonly sole: boolean },
): DraftSource {
  const { upper } = known;
  if (upper.type === "dir") return { kind: "make" };
  const from = toUpper(change);
  const rename = context.layers[change.workspace]?.staging === "rename";
  // An inode that keeps a name in the layers would let a later task write into the real file.
  if (rename && (upper.type !== "file" || known.sole)) return toMove(context, from, upper);
  if (upper.type !== "file") return { kind: "make", ino: upper.ino };
  const group = upper.nlink > 1 ? { group: `${change.workspace}/${upper.ino}` } : {};
  return { kind: "copy", from, ino: upper.ino, ...group };
}

function toMove(context: CommitContext, from: Place, upper: FileStat): DraftSource {
  const { ino, uid, gid, mode } = upper;
  const move = { kind: "move", mayStay: true, from, was: { ino, uid, gid, mode } } as const;
  if (upper.type === "symlink") return move;
  const at = context.roots.at(from);
  const marks = context.ops.listXattrs(at).filter(isOverlayMark);
  return marks.length === 0 ? move : { ...move, strip: readValues(context.ops, at, marks) };
}
