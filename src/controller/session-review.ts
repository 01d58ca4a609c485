import type { Change, Changeset, Layers } from "../core/change.js";
import type { Decision, Risk } from "../core/risk.js";
import type { ChangeCounts, SessionRecord } from "../core/session.js";
import { decideChange } from "../policy/decide-change.js";
import { assessRisks } from "../review/assess-risks.js";

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

/** Judges every change of `changeset`. `isIgnored` says what git ignores in a workspace. */
export function reviewChangeset(
  record: SessionRecord,
  changeset: Changeset,
  isIgnored: (change: Change) => boolean,
): SessionReview {
  const items = changeset.changes.map((change, index) => {
    const risks = assessRisks(change, { changeset });
    return {
      change,
      index,
      risks,
      decision: decideChange(change, risks),
      ignored: isIgnored(change),
    };
  });
  return { record, changeset, items };
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
