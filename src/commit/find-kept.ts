import type { RelPath } from "../core/path.js";
import { hashFileAt } from "../host/confined-file.js";
import type { FileStat } from "../host/confined-stat.js";
import type { DraftSource } from "./draft.js";
import { KEPT_ROOT, stageRoot } from "./roots.js";
import type { Workbench } from "./stage-steps.js";
import type { PathState, Place, Step } from "./step.js";
import type { TransactionHeader } from "./transaction.js";

/** What a commit replaced, and where it is kept. */
export interface KeptStep {
  readonly step: Step;
  readonly before: PathState;
  /** Of the transaction that keeps it. */
  readonly header: TransactionHeader;
  /** The name of its `before/` among the open roots. */
  readonly root: string;
}

/**
 * Where the state a step replaced is kept: its own inode if that is still as it was, else a copy of its content, else what the
 * journal says of it. A text is the reason why it cannot be brought back.
 */
export function findKept(bench: Workbench, known: KeptStep): DraftSource | string {
  const { step, before, header } = known;
  const keepsInode = header.roots[stageRoot(step.workspace)] === header.roots[KEPT_ROOT];
  const slot = { root: known.root, path: String(step.n) as RelPath };
  const inode = keepsInode ? bench.roots.stat(slot) : undefined;
  if (inode !== undefined && isIntact(bench, { place: slot, stat: inode, before })) {
    const { ino, uid, gid, mode } = inode;
    return { kind: "move", from: slot, was: { ino, uid, gid, mode } };
  }
  if (before.type === "file") return findCopy(bench, { ...known, written: inode !== undefined });
  if (before.type === "dir") return { kind: "make" };
  if (before.type === "symlink" || before.type === "fifo")
    return { kind: "make", group: toGroup(step) };
  return `a ${before.type} cannot be made again`;
}

function findCopy(
  bench: Workbench,
  known: KeptStep & { readonly written: boolean },
): DraftSource | string {
  const { before, step } = known;
  const place = { root: known.root, path: `${step.n}.copy` as RelPath };
  const stat = step.copy === undefined ? undefined : bench.roots.stat(place);
  if (stat?.type === "file" && before.digest !== undefined) {
    if (hashFileAt(bench.ops, bench.roots.at(place), stat.size) === before.digest)
      return { kind: "copy", from: place, ino: stat.ino, group: toGroup(step) };
    return "its earlier version is damaged";
  }
  return known.written
    ? "its earlier version was written to after the commit, by someone who had it open or by another name of it"
    : "its earlier version is not kept any more";
}

/** Paths that were names of one inode become that again. */
function toGroup(step: Step): string {
  return `${step.workspace}/${step.before?.ino}`;
}

function isIntact(
  { ops, roots }: Workbench,
  known: { readonly place: Place; readonly stat: FileStat; readonly before: PathState },
): boolean {
  const { stat, before, place } = known;
  if (stat.type !== before.type || stat.ino !== before.ino) return false;
  if (stat.type === "dir") return roots.root(place.root).list(place.path).length === 0;
  if (stat.type !== "file") return true;
  if (stat.size !== before.size) return false;
  if (before.digest === undefined) return stat.mtimeNs === before.mtimeNs;
  return hashFileAt(ops, roots.at(place), stat.size) === before.digest;
}
