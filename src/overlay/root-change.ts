import { lstatSync } from "node:fs";
import type { BaseState, NextState } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import { ROOT_PATH } from "../core/path.js";
import { toBaseState } from "./base-state.js";
import type { Findings } from "./change-draft.js";
import type { DirNode } from "./dir-node.js";
import { toRootNode } from "./dir-node.js";
import type { LayersStamp, RootFacts } from "./layers-stamp.js";
import { isSameState, toNextState } from "./next-state.js";
import type { PathXattrs } from "./overlay-marks.js";
import { NO_XATTRS, readPathXattrs } from "./overlay-marks.js";
import { swapAclIds } from "../core/swap-acl.js";
import type { WalkContext } from "./walk-context.js";

const TOUCHED = "changed in the workspace during the run";

/**
 * Judges the workspace's own directory, and gives the top of the walk. The upperdir was made by us: only what
 * differs from how it was made is the task's doing, and a mark on it that it be opaque means nothing.
 */
export function readRoot(
  context: WalkContext,
  o: { stamp: LayersStamp; findings: Findings },
): DirNode {
  const { layers, touch } = context;
  const base = lstatSync(layers.lower, { bigint: true, throwIfNoEntry: false });
  if (base === undefined || !base.isDirectory())
    throw new SandboxError("conflict", `the workspace is gone: ${layers.lower}`, {
      hint: "put it back, or discard the session",
    });
  const { lower } = o.stamp;
  const replaced =
    lower !== undefined && (lower.ino !== `${base.ino}` || lower.dev !== `${base.dev}`);
  const node = toRootNode({
    nearestTouched: touch.isTouched(ROOT_PATH, base),
    ...(replaced && {
      touched: "the workspace was replaced by another directory since the run began",
    }),
  });
  if (o.stamp.upper !== undefined) writeRootChange(context, { made: o.stamp.upper, node, ...o });
  return node;
}

function writeRootChange(
  context: WalkContext,
  o: { made: RootFacts; node: DirNode; findings: Findings },
): void {
  const { layers, native, workspace } = context;
  const upper = readPathXattrs(native, layers.upper, { side: "upper" });
  noteMarks(o.findings, { workspace, upper });
  const base = readPathXattrs(native, layers.lower, { side: "base" }).carried;
  const stats = lstatSync(layers.lower, { bigint: true });
  const before = toBaseState(stats, base === undefined ? {} : { xattrs: base });
  // The upperdir was made without the workspace's attributes: their absence is not the task's doing.
  const xattrs = { ...base, ...swapAclIds(upper.carried ?? {}, layers) };
  const plain = toRootState(context, { before, made: o.made });
  const after = Object.keys(xattrs).length > 0 ? { ...plain, xattrs } : plain;
  if (isSameState(after, before)) return;
  const hostTouched = o.node.touched ?? (o.node.nearestTouched ? TOUCHED : undefined);
  o.findings.drafts.push({
    workspace,
    path: ROOT_PATH,
    kind: "modify",
    before,
    after,
    ...(hostTouched !== undefined && { hostTouched }),
  });
}

/** The upperdir's state, where it is as it was made: the workspace's. */
function toRootState(
  context: WalkContext,
  o: { readonly before: BaseState; readonly made: RootFacts },
): NextState {
  const { layers } = context;
  const stats = lstatSync(layers.upper, { bigint: true });
  const entry = { kind: "entry", type: "dir", stats, xattrs: NO_XATTRS } as const;
  const now = toNextState(entry, o.before, layers);
  return {
    ...now,
    mode: now.mode === o.made.mode ? o.before.mode : now.mode,
    uid: Number(stats.uid) === o.made.uid ? "base" : now.uid,
    gid: Number(stats.gid) === o.made.gid ? "base" : now.gid,
  };
}

function noteMarks(findings: Findings, o: { workspace: number; upper: PathXattrs }): void {
  const { forged, incomplete, opaque } = o.upper;
  const marks = [
    ...forged,
    ...(incomplete === undefined ? [] : [incomplete]),
    ...(opaque ? ["user.overlay.opaque"] : []),
  ];
  for (const name of marks)
    findings.notices.push({
      workspace: o.workspace,
      path: ROOT_PATH,
      kind: "forged-mark",
      text: `carries ${name}`,
    });
}
