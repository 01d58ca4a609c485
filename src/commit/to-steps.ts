import { hasErrno, SandboxError } from "../core/error.js";
import type { Digest } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import { hashFileAt, hasWriterAt } from "../host/confined-file.js";
import type { FileStat } from "../host/confined-stat.js";
import { readCarried } from "./carried-xattrs.js";
import type { Draft, DraftSource } from "./draft.js";
import { namingEach } from "./failure.js";
import { inWorkspace, KEPT_ROOT, stageRoot } from "./roots.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { PathState, Place, Source, Step } from "./step.js";

/** What numbering steps needs to know. */
export interface StepContext extends Workbench {
  /** By workspace: true where slots are in `before/`, so that an inode can stay there. */
  readonly keepsInode: readonly boolean[];
}

/**
 * Drafts → steps, in the order in which they can be taken: what goes, children first; then what comes, parents first; then
 * metadata of directories. Reads the content of what will go where its digest is not known.
 */
export function toSteps(context: StepContext, drafts: readonly Draft[]): readonly Step[] {
  const sorted = drafts.toSorted(compareDrafts);
  const takes: Draft[] = [];
  const puts: Draft[] = [];
  const sets: Draft[] = [];
  for (const draft of sorted) {
    const act = toAct(draft);
    (act === "take" ? takes : act === "set" ? sets : puts).push(draft);
  }
  const ordered = [...takes.reverse(), ...puts, ...sets];
  const names = countNames(ordered);
  const groups = new Map<string, number>();
  const steps: Step[] = [];
  namingEach(ordered, (draft, n) => steps.push(toStep(context, draft, { n, names, groups })));
  return steps;
}

function compareDrafts(a: Draft, b: Draft): number {
  if (a.workspace !== b.workspace) return a.workspace - b.workspace;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function toAct(draft: Draft): Step["act"] {
  if (draft.present === undefined) return "put";
  if (draft.after === undefined) return "take";
  return draft.present.type === "dir" && draft.after.type === "dir" ? "set" : "swap";
}

/** How many names of each inode go away in this transaction. */
function countNames(drafts: readonly Draft[]): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const { workspace, present } of drafts) {
    if (present?.type !== "file" || present.nlink === 1) continue;
    const key = `${workspace}/${present.ino}`;
    names.set(key, (names.get(key) ?? 0) + 1);
  }
  return names;
}

function toStep(
  context: StepContext,
  draft: Draft,
  known: {
    readonly n: number;
    readonly names: ReadonlyMap<string, number>;
    readonly groups: Map<string, number>;
  },
): Step {
  const act = toAct(draft);
  const { workspace, path, present, after, source } = draft;
  const needsCopy =
    present?.type === "file" && act !== "set" && mustCopy(context, draft, known.names);
  // Assigned one by one: spreading what may be absent is slow, and there may be a hundred thousand.
  const step: Writable<Step> = { n: known.n, act, workspace, path, slot: toSlot(draft, known.n) };
  if (present !== undefined) step.before = readBefore(context, draft, present);
  if (after !== undefined) step.after = after;
  if (source !== undefined && act !== "set") step.source = toSource(source, known);
  if (needsCopy) step.copy = { root: KEPT_ROOT, path: `${known.n}.copy` as RelPath };
  return step;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function toSlot(draft: Draft, n: number): Place {
  const { source } = draft;
  if (draft.present === undefined && source?.kind === "move") return source.from;
  return { root: stageRoot(draft.workspace), path: String(n) as RelPath };
}

function toSource(
  source: DraftSource,
  known: { readonly n: number; readonly groups: Map<string, number> },
): Source {
  if (source.kind === "move") return source;
  const { group, ...own } = source;
  if (group === undefined) return own;
  const first = known.groups.get(group);
  known.groups.set(group, first ?? known.n);
  return first === undefined ? own : { kind: "link", step: first, ino: own.ino ?? "" };
}

/** A pre-image that may still change, or cannot stay where it is, is copied besides. */
function mustCopy(context: StepContext, draft: Draft, names: ReadonlyMap<string, number>): boolean {
  const { present, workspace, path } = draft;
  if (present === undefined) return false;
  if (context.keepsInode[workspace] !== true) return true;
  if (present.nlink > 1 && present.nlink > (names.get(`${workspace}/${present.ino}`) ?? 1))
    return true;
  return readable(
    () => hasWriterAt(context.ops, context.roots.at(inWorkspace(workspace, path))),
    false,
  );
}

function readBefore(context: StepContext, draft: Draft, present: FileStat): PathState {
  const { known } = draft;
  const place = inWorkspace(draft.workspace, draft.path);
  const at = () => context.roots.at(place);
  const digest =
    present.type === "file"
      ? (known?.digest ?? readDigest(context, place, present.size))
      : undefined;
  const target =
    present.type === "symlink" ? (known?.target ?? context.ops.readLink(at())) : undefined;
  const needsXattrs = known?.xattrs === undefined && !context.keepsInode[draft.workspace];
  const xattrs =
    needsXattrs && (present.type === "file" || present.type === "dir")
      ? readCarried(context.ops, at())
      : known?.xattrs;
  const { type, mode, uid, gid, size, mtimeNs, ino } = present;
  const before: Writable<PathState> = { type, mode, uid, gid, size, mtimeNs, ino };
  if (digest !== undefined) before.digest = digest;
  if (target !== undefined) before.target = target;
  if (xattrs !== undefined) before.xattrs = xattrs;
  return before;
}

/** A file we may move but not read has no digest: its inode alone stands for it. */
function readDigest(context: StepContext, place: Place, size: number): Digest | undefined {
  return readable(() => hashFileAt(context.ops, context.roots.at(place), size), undefined);
}

function readable<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) return otherwise;
    throw error;
  }
}

/** Refuses what no transaction may do, whatever the plan says. */
export function refuseOverlayMarks(path: RelPath, names: readonly string[]): void {
  const mark = names.find((name) => name.includes(".overlay."));
  if (mark === undefined) return;
  throw new SandboxError(
    "denied",
    `${showPath(path)}: carries ${mark}, which only overlayfs may write`,
    {
      hint: "leave it out by naming the PATHs to commit",
    },
  );
}
