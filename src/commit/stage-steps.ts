import { assertNever } from "../core/assert-never.js";
import { SandboxError } from "../core/error.js";
import { copyFileAt } from "../host/confined-file.js";
import type { At, FileOps } from "../host/confined-ops.js";
import type { FileStat } from "../host/confined-stat.js";
import { RENAME_NOREPLACE } from "../host/native.js";
import { isCarried } from "./carried-xattrs.js";
import { namingEach } from "./failure.js";
import { inWorkspace, type Roots } from "./roots.js";
import { removeXattr, setMetadata } from "./set-metadata.js";
import { showPath } from "./show-path.js";
import type { PathState, Place, Source, Step } from "./step.js";

const SETUID_SETGID = 0o6000;

/** What the stages of a transaction work with. */
export interface Workbench {
  readonly ops: FileOps;
  readonly roots: Roots;
}

/** A new state in its slot: how to know it again. The time is as the filesystem keeps it, which may be coarser. */
export type Staged = Pick<FileStat, "ino" | "mtimeNs">;

/**
 * Brings every new state to its slot and every copy to its place. No path of a workspace is touched. Returns what was
 * not known of the new states before, by step.
 */
export function stageSteps(bench: Workbench, steps: readonly Step[]): ReadonlyMap<number, Staged> {
  const staged = new Map<number, Staged>();
  namingEach(steps, (step) => {
    const state = stageStep(bench, step, steps);
    if (state !== undefined) staged.set(step.n, state);
  });
  return staged;
}

function stageStep(bench: Workbench, step: Step, steps: readonly Step[]): Staged | undefined {
  const { source, after } = step;
  if (step.copy !== undefined) copyBefore(bench, step, step.copy);
  if (source === undefined || after === undefined) return undefined;
  fillSlot(bench, { step, source, after, steps });
  return source.kind === "move" ? undefined : statSlot(bench, step);
}

function fillSlot(
  bench: Workbench,
  work: {
    readonly step: Step;
    readonly source: Source;
    readonly after: PathState;
    /** All of the transaction: each is at the place of its number. */
    readonly steps: readonly Step[];
  },
): void {
  const { step, source, after } = work;
  switch (source.kind) {
    case "move":
      moveToSlot(bench, step, { source, after });
      break;
    case "copy":
      copyToSlot(bench, step, { source, after });
      break;
    case "link": {
      const first = work.steps[source.step];
      if (first?.n !== source.step) throw new Error(`step ${step.n} links to no step`);
      bench.ops.link(bench.roots.at(first.slot), bench.roots.at(step.slot));
      break;
    }
    case "make":
      makeInSlot(bench, step, after);
      break;
    default:
      assertNever(source);
  }
}

function moveToSlot(
  { ops, roots }: Workbench,
  step: Step,
  work: { readonly source: Extract<Source, { kind: "move" }>; readonly after: PathState },
): void {
  const { source, after } = work;
  const { was } = source;
  // What belongs in a directory comes before its metadata, and to move it needs the right to write in it.
  const isClosed = after.type === "dir" && (was.mode & 0o700) !== 0o700;
  if (isClosed) ops.setMode(roots.at(source.from), was.mode | 0o700);
  if (!isSamePlace(source.from, step.slot))
    ops.rename(roots.at(source.from), roots.at(step.slot), RENAME_NOREPLACE);
  if (after.type !== "dir") adapt(ops, roots.at(step.slot), work);
}

/**
 * Makes an inode that was moved what is wanted. Its content and time are that already; its attributes too, but for overlay's
 * marks, what a new owner costs (chown(2): setuid, setgid, capabilities), and ids in ACLs, which are the host's now.
 */
function adapt(
  ops: FileOps,
  at: At,
  work: { readonly source: Extract<Source, { kind: "move" }>; readonly after: PathState },
): void {
  const { after, source } = work;
  const { was, strip, carries } = source;
  const isGiven = was.uid !== after.uid || was.gid !== after.gid;
  for (const name in strip) removeXattr(ops, at, name);
  if (isGiven) ops.setOwner(at, after);
  if (after.type === "symlink") return;
  const isCut = isGiven && (after.mode & SETUID_SETGID) !== 0;
  if (isCut || was.mode !== after.mode) ops.setMode(at, after.mode);
  for (const name in carries) setCarried(ops, at, { name, value: after.xattrs?.[name] });
}

function setCarried(
  ops: FileOps,
  at: At,
  xattr: { readonly name: string; readonly value: string | undefined },
): void {
  const { name, value } = xattr;
  if (value !== undefined && isCarried(name)) ops.setXattr(at, name, Buffer.from(value, "base64"));
}

function copyToSlot(
  bench: Workbench,
  step: Step,
  work: { readonly source: Extract<Source, { kind: "copy" }>; readonly after: PathState },
): void {
  const digest = copyPlace(bench, work.source.from, step.slot);
  if (work.after.digest !== undefined && digest !== work.after.digest)
    throw new SandboxError(
      "changed-since-review",
      `${showPath(step.path)}: its content in the layers is not what was reviewed`,
    );
  setMetadata(bench.ops, bench.roots.at(step.slot), {
    from: statSlot(bench, step),
    wanted: work.after,
  });
}

function makeInSlot(bench: Workbench, step: Step, after: PathState): void {
  const { ops, roots } = bench;
  const at = roots.at(step.slot);
  // A directory gets its metadata when all that belongs in it is there.
  if (after.type === "dir") ops.makeDirectory(at);
  else if (after.type === "symlink") ops.makeSymlink(after.target ?? "", at);
  else if (after.type === "fifo") ops.makeFifo(at);
  else throw new Error(`a ${after.type} cannot be made`);
  if (after.type !== "dir") setMetadata(ops, at, { from: statSlot(bench, step), wanted: after });
}

/** A copy of what is at the path now, for a rollback; compared with what the plan saw. */
function copyBefore(bench: Workbench, step: Step, to: Place): void {
  const digest = copyPlace(bench, inWorkspace(step.workspace, step.path), to);
  if (step.before?.digest === undefined || step.before.digest === digest) return;
  throw new SandboxError(
    "conflict",
    `${showPath(step.path)}: changed while it was being committed`,
  );
}

function copyPlace({ ops, roots }: Workbench, from: Place, to: Place): string {
  const stat = roots.stat(from);
  if (stat?.type !== "file")
    throw new SandboxError("conflict", `${showPath(from.path)}: is no regular file any more`);
  return copyFileAt(ops, { at: roots.at(from), stat }, roots.at(to));
}

function statSlot({ roots }: Workbench, step: Step): FileStat {
  const stat = roots.stat(step.slot);
  if (stat === undefined) throw new Error(`nothing in the slot of step ${step.n}`);
  return stat;
}

/** True where both are one place. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.root === b.root && a.path === b.path;
}
