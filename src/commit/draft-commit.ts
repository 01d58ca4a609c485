import type { Change, Layers, Xattrs } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import type { FileStat } from "../host/confined-stat.js";
import { isOverlayMark, readValues } from "./carried-xattrs.js";
import type { Composed } from "./composed.js";
import type { Draft, DraftSource } from "./draft.js";
import type { ReadyChange } from "./plan-commit.js";
import { createOwners, type Ids, type NewFiles } from "./resolve-owner.js";
import { COMMIT_ROOT, upperRoot } from "./roots.js";
import { describeDifference } from "./same-state.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { PathState, Place } from "./step.js";
import { refuseOverlayMarks } from "./to-steps.js";

/** What turns changes into drafts. */
export interface CommitContext extends Workbench {
  readonly layers: readonly Layers[];
  readonly newFiles: NewFiles;
  /** By the change of the plan. */
  readonly composed: ReadonlyMap<Change, Composed>;
}

/**
 * Changes → drafts. Every path is looked at again in the upperdir: what was altered there since it was read is read again, and
 * if it is not what the change says, nothing is committed (`changed-since-review`).
 */
export function draftCommit(
  context: CommitContext,
  ready: readonly ReadyChange[],
): readonly Draft[] {
  const owners = createOwners(context);
  // Looked at one by one: what was seen of a hundred thousand paths would be the greatest thing in memory.
  const linked: Linked[] = [];
  const drafts = ready.map(({ change, present }) => {
    const { workspace, path, before } = change;
    const draft: Writable<Draft> = { workspace, path };
    if (before !== undefined) draft.known = before;
    if (present !== undefined) draft.present = present;
    const composed = context.composed.get(change);
    const upper = findUpper(context, composed?.original ?? change);
    if (upper === undefined) return draft;
    const found = { change, upper, composed };
    draft.after = toAfter(found, owners(change, present));
    const { type, nlink } = upper.stat;
    if (type === "file" && nlink > 1) linked.push({ ...found, draft });
    else draft.source = toSource(context, { ...found, sole: true });
    return draft;
  });
  const names = countNames(linked);
  for (const { draft, ...found } of linked) {
    const { ino, nlink } = found.upper.stat;
    const sole = nlink <= (names.get(`${draft.workspace}/${ino}`) ?? 1);
    draft.source = toSource(context, { ...found, sole });
  }
  return drafts;
}

/** What a source is made of. */
interface Found {
  readonly change: Change;
  readonly upper: Upper;
  readonly composed: Composed | undefined;
}

/** A draft whose source depends on which of the names of its inode are committed. */
interface Linked extends Found {
  readonly draft: Writable<Draft>;
}

/** A path of the upperdir; `marks`: overlayfs's on it, where they are known. */
interface Upper {
  readonly stat: FileStat;
  readonly marks: Xattrs | undefined;
}

/** How many names of each inode of the layers are committed as they are. */
function countNames(linked: readonly Linked[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const { draft, upper, composed } of linked) {
    if (composed !== undefined) continue;
    const key = `${draft.workspace}/${upper.stat.ino}`;
    names.set(key, (names.get(key) ?? 0) + 1);
  }
  return names;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function toAfter({ change, upper, composed }: Found, owner: Ids): PathState {
  const { after } = change;
  if (after === undefined) throw new Error(`a deletion of ${change.path} has no result`);
  const { type, mode, size, digest, target, xattrs } = after;
  const { uid, gid } = owner;
  const isMoved = composed === undefined && type !== "dir";
  const mtimeNs = isMoved ? sameText(upper.stat.mtimeNs, after.mtimeNs) : after.mtimeNs;
  const state: Writable<PathState> = { type, mode, uid, gid, size, mtimeNs };
  if (digest !== undefined) state.digest = digest;
  if (target !== undefined) state.target = target;
  if (xattrs !== undefined) state.xattrs = xattrs;
  return state;
}

/** The path in the upperdir, as the change says it is; undefined for a deletion. */
function findUpper(context: CommitContext, change: Change): Upper | undefined {
  const place = toUpper(change);
  const stat = context.roots.stat(place);
  const { after } = change;
  if (after === undefined) {
    if (stat === undefined || stat.whiteout) return undefined;
    throw altered(change, "it is there again");
  }
  if (stat === undefined) throw altered(change, "it is gone");
  if (after.xattrs !== undefined)
    refuseOverlayMarks(change.path, Object.keys(after.xattrs).filter(isOverlayMark));
  const untouched = stat.ino === after.upper.ino && stat.ctimeNs === after.upper.ctimeNs;
  if (untouched && stat.type === after.type) return { stat, marks: after.upper.marks };
  const expected = { ...after, uid: undefined, gid: undefined };
  const difference = describeDifference(
    context.ops,
    { at: context.roots.at(place), stat },
    expected,
  );
  if (difference !== undefined) throw altered(change, difference);
  return { stat, marks: undefined };
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

function toSource(context: CommitContext, known: Found & { readonly sole: boolean }): DraftSource {
  const { change, composed } = known;
  const upper = known.upper.stat;
  if (composed !== undefined) {
    const copy = { kind: "copy", from: { root: COMMIT_ROOT, path: composed.content } } as const;
    // The original leaves the layers after the seal, unless a part of it stays pending.
    return composed.rest === "none" ? { ...copy, ino: upper.ino } : copy;
  }
  if (upper.type === "dir") return { kind: "make" };
  const from = toUpper(change);
  const rename = context.layers[change.workspace]?.staging === "rename";
  // An inode that keeps a name in the layers would let a later task write into the real file.
  if (rename && (upper.type !== "file" || known.sole))
    return toMove(context, from, {
      ...known.upper,
      ino: sameText(upper.ino, change.after?.upper.ino),
      carried: change.after?.xattrs,
    });
  const group = upper.nlink > 1 ? { group: `${change.workspace}/${upper.ino}` } : {};
  if (upper.type !== "file") return { kind: "make", ino: upper.ino, ...group };
  return { kind: "copy", from, ino: upper.ino, ...group };
}

function toMove(
  context: CommitContext,
  from: Place,
  upper: Upper & { readonly ino: string; readonly carried: Xattrs | undefined },
): DraftSource {
  const { uid, gid, mode } = upper.stat;
  const was = { ino: upper.ino, uid, gid, mode };
  const read = (names: readonly string[]): Xattrs =>
    readValues(context.ops, context.roots.at(from), names);
  const readMarks = (): Xattrs =>
    read(context.ops.listXattrs(context.roots.at(from)).filter(isOverlayMark));
  const strip = upper.marks ?? readMarks();
  const isMarked = hasAny(strip);
  if (!isMarked && upper.carried === undefined) return { kind: "move", from, was };
  return {
    ...{ kind: "move", from, was },
    ...(isMarked && { strip }),
    ...(upper.carried !== undefined && { carries: read(Object.keys(upper.carried)) }),
  };
}

/** Of two texts that are the same the one that is held anyway: a hundred thousand copies are some megabytes. */
function sameText(text: string, held: string | undefined): string {
  return text === held ? held : text;
}

function hasAny(values: Xattrs): boolean {
  for (const _ in values) return true;
  return false;
}
