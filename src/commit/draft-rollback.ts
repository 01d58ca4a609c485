import { joinPath, parentPath, type RelPath } from "../core/path.js";
import type { FileStat } from "../host/confined-stat.js";
import type { WorkspacePath } from "./close-rollback.js";
import { toKey } from "./close-selection.js";
import type { Draft, DraftSource } from "./draft.js";
import { type Keeper, findKeptAnywhere } from "./keepers.js";
import type { PathConflict } from "./plan-commit.js";
import { inWorkspace, workspaceRoot } from "./roots.js";
import { describeDifference } from "./same-state.js";
import { showPath } from "./show-path.js";
import type { Workbench } from "./stage-steps.js";
import type { Step } from "./step.js";
import type { Results, Transaction } from "./transaction.js";

/** The commit that is rolled back, and access to the present. */
export interface RollbackContext extends Workbench {
  readonly transaction: Transaction;
  /** Of these steps: those that are to be taken back. */
  readonly steps: readonly Step[];
  /** Where else its pre-images may be. */
  readonly keepers: readonly Keeper[];
  readonly results: Results;
}

/** What can be taken back, and what cannot. */
export interface RollbackDrafts {
  readonly drafts: readonly Draft[];
  readonly conflicts: readonly PathConflict[];
  readonly unrestorable: readonly PathConflict[];
  /** As they were before the commit already: nothing to do. */
  readonly passed: readonly WorkspacePath[];
}

interface Building extends RollbackContext {
  readonly drafts: Map<string, Draft>;
  readonly conflicts: PathConflict[];
  readonly unrestorable: PathConflict[];
  readonly passed: WorkspacePath[];
}

/**
 * A draft for the inverse of each step whose path is as the commit left it. What is as it was before already is passed over. Goes
 * backwards, so that what lies in a directory is judged before the directory that has to be empty to go.
 */
export function draftRollback(context: RollbackContext): RollbackDrafts {
  const building: Building = {
    ...context,
    ...{ drafts: new Map(), conflicts: [], unrestorable: [], passed: [] },
  };
  const { steps } = context;
  for (const step of steps.toReversed()) if (step.act !== "take") judge(building, step);
  // What was deleted comes back, directories first: they were taken last.
  for (const step of steps.toReversed()) if (step.act === "take") judge(building, step);
  return {
    drafts: [...building.drafts.values()],
    conflicts: building.conflicts,
    unrestorable: building.unrestorable,
    passed: building.passed,
  };
}

function judge(building: Building, step: Step): void {
  const { workspace, path } = step;
  const found = building.roots.root(workspaceRoot(workspace)).find(path);
  const stat = typeof found === "string" ? undefined : found;
  const isBlocked = found === "link" && !isParentRestored(building, step);
  const behindLink = isBlocked ? "a directory above it is a symbolic link now" : undefined;
  if (behindLink === undefined && isTakenBack(building, step, stat)) {
    building.passed.push({ workspace, path });
    return;
  }
  const reason = behindLink ?? describeChange(building, step, stat);
  const source = reason === undefined ? findSource(building, step) : undefined;
  if (reason !== undefined) building.conflicts.push({ workspace, path, reason });
  else if (typeof source === "string")
    building.unrestorable.push({ workspace, path, reason: source });
  else addDraft(building, step, { stat, source });
}

/** Undefined where nothing has to be brought back: the path goes, or is a directory that stays. */
function findSource(building: Building, step: Step): DraftSource | string | undefined {
  const { before } = step;
  if (before === undefined || step.act === "set") return undefined;
  const { header } = building.transaction;
  return findKeptAnywhere(building, { step, before, header }, building.keepers);
}

function addDraft(
  building: Building,
  step: Step,
  found: { readonly stat: FileStat | undefined; readonly source: DraftSource | undefined },
): void {
  const { workspace, path, before, after } = step;
  const { stat, source } = found;
  building.drafts.set(toKey(workspace, path), {
    workspace,
    path,
    ...(stat !== undefined && { present: stat }),
    ...(after !== undefined && { known: after }),
    ...(before !== undefined && { after: before }),
    ...(source !== undefined && { source }),
  });
}

/** True where someone took the change back by hand. */
function isTakenBack(building: Building, step: Step, stat: FileStat | undefined): boolean {
  const { before } = step;
  if (stat === undefined) return before === undefined;
  const left = step.after === undefined ? undefined : building.results.steps.get(step.n);
  if (left !== undefined && left.ino === stat.ino && left.ctimeNs === stat.ctimeNs) return false;
  if (before === undefined || step.act === "set") return false;
  const at = building.roots.at(inWorkspace(step.workspace, step.path));
  return describeDifference(building.ops, { at, stat }, before) === undefined;
}

/** Why the path cannot be taken back; undefined where it is as the commit left it. */
function describeChange(
  building: Building,
  step: Step,
  stat: FileStat | undefined,
): string | undefined {
  const { after } = step;
  if (after === undefined) {
    if (stat !== undefined) return "was made anew since the commit";
    return hasParent(building, step) ? undefined : "the directory it belongs in is gone";
  }
  if (stat === undefined) return "was removed since the commit";
  const at = building.roots.at(inWorkspace(step.workspace, step.path));
  const stamp = building.results.steps.get(step.n);
  const expected = { ...after, ...(stamp !== undefined && { stamp }) };
  const difference = describeDifference(building.ops, { at, stat }, expected);
  if (difference !== undefined) return `changed since the commit: ${difference}`;
  return after.type === "dir" && step.act !== "set" ? describeExtra(building, step) : undefined;
}

/** True where the directory a path belongs in comes back by this rollback. */
function isParentRestored(building: Building, step: Step): boolean {
  const parent = parentPath(step.path);
  if (parent === undefined) return false;
  return building.drafts.get(toKey(step.workspace, parent))?.after?.type === "dir";
}

function hasParent(building: Building, step: Step): boolean {
  const parent = parentPath(step.path);
  if (parent === undefined) return true;
  const planned = building.drafts.get(toKey(step.workspace, parent));
  if (planned !== undefined) return planned.after?.type === "dir";
  return building.roots.stat(inWorkspace(step.workspace, parent))?.type === "dir";
}

/** A directory the commit made goes only if nothing else has come into it. */
function describeExtra(building: Building, step: Step): string | undefined {
  const { workspace, path } = step;
  const isTaken = (child: RelPath): boolean => {
    const draft = building.drafts.get(toKey(workspace, child));
    return draft !== undefined && draft.after === undefined;
  };
  const extra = building.roots
    .root(workspaceRoot(workspace))
    .list(path)
    .map((name) => joinPath(path, name))
    .filter((child) => !isTaken(child))
    .toSorted()[0];
  return extra === undefined ? undefined : `holds ${showPath(extra)}, which stays`;
}
