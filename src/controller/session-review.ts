import type { Change, Changeset, Layers } from "../core/change.js";
import type { Decision, Risk } from "../core/risk.js";
import type { ChangeCounts, SessionRecord } from "../core/session.js";
import { decideChange } from "../policy/decide-change.js";
import { judgeChanges } from "../policy/profile/judge-changes.js";
import { assessRisks } from "../review/assess-risks.js";
import type { Controller } from "./controller.js";
import { openIgnores } from "./open-ignores.js";
import { readSessionProfile } from "./session-profile.js";
import { isInside } from "../core/system-path.js";

/** A change with what a person has to know of it before it is committed. */
export interface ReviewedChange {
  readonly change: Change;
  /** Its place in `Changeset.changes`. */
  readonly index: number;
  readonly risks: readonly Risk[];
  readonly decision: Decision;
  /** Git ignores it in its workspace. */
  readonly ignored: boolean;
}

/** A session's pending changes, judged. */
export interface SessionReview {
  readonly record: SessionRecord;
  readonly changeset: Changeset;
  readonly items: readonly ReviewedChange[];
}

/** Judges every pending change of `record`. */
export function reviewChangeset(
  controller: Pick<Controller, "programRoot">,
  record: SessionRecord,
  changeset: Changeset,
): SessionReview {
  const isIgnored = openIgnores(changeset.workspaces, changeset.changes);
  const isOurs = toOwnCheck(controller.programRoot, changeset.workspaces);
  const judged = changeset.changes.map((change) => {
    const risks = assessRisks(change, { changeset });
    return { change, risks: isOurs(change) ? [OWN_PROGRAM, ...risks] : risks };
  });
  const profile = readSessionProfile(record);
  const decisions = profile === undefined ? [] : judgeChanges(profile, judged);
  const items = judged.map(({ change, risks }, index) => ({
    change,
    index,
    risks,
    decision: decisions[index] ?? decideChange(change, risks),
    ignored: isIgnored(change),
  }));
  return { record, changeset, items };
}

const OWN_PROGRAM: Risk = {
  id: "runs-later",
  level: "high",
  reason: "it is a part of the sandbox itself, as it is installed here",
};

/** A workspace may be the checkout this program runs from: its build and its libraries are no ordinary files. */
function toOwnCheck(
  programRoot: string,
  workspaces: readonly string[],
): (change: Change) => boolean {
  const parts = ["dist", "node_modules", "sandbox"].map((name) => `${programRoot}/${name}`);
  if (!workspaces.some((workspace) => isInside(programRoot, workspace))) return () => false;
  return (change) => {
    const file = `${workspaces[change.workspace] ?? ""}/${change.path}`;
    return parts.some((part) => isInside(file, part));
  };
}

/** How many of each kind. */
export function countChanges(changes: readonly Change[]): ChangeCounts {
  const count = { added: 0, modified: 0, deleted: 0 };
  for (const { kind } of changes) {
    if (kind === "add") count.added += 1;
    else if (kind === "modify") count.modified += 1;
    else count.deleted += 1;
  }
  return count;
}

/** The layers of the workspace a change belongs to. */
export function layersOf(record: SessionRecord, change: Change): Layers {
  const layers = record.layers[change.workspace];
  if (layers === undefined) throw new Error(`no layers for workspace ${change.workspace}`);
  return layers;
}
