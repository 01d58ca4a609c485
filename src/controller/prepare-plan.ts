import { type CommitPlan, type PathConflict, planCommit } from "../commit/plan-commit.js";
import { assertNever } from "../core/assert-never.js";
import type { Change } from "../core/change.js";
import type { Digest } from "../core/ids.js";
import type { ConflictChoice } from "../core/saved-decision.js";
import { composeEdits, type EditChoice } from "./compose-edits.js";
import { type ComposedChange, findDenial, isRefusal, type Refusal } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { openMerge } from "./merge-change.js";
import type { ReviewedChange, SessionReview } from "./session-review.js";
import { takeTheirs } from "./take-theirs.js";

/** How a change is committed that is not taken as the layers have it. `bound`: the digest of what a review showed. */
export type Treatment =
  | ({ readonly kind: "edits" } & EditChoice)
  | {
      readonly kind: "merge";
      readonly choose: (conflict: number) => ConflictChoice | undefined;
      readonly bound?: Digest;
    }
  | { readonly kind: "theirs"; readonly bound?: Digest };

/** A plan, and which of its changes stand for others. */
export interface PreparedPlan {
  readonly plan: CommitPlan;
  /** By the change of the plan. */
  readonly composed: ReadonlyMap<Change, ComposedChange>;
}

/** Composed content is held in memory until it is written. */
const MOST_COMPOSED_BYTES = 64 << 20;

/**
 * Plans the selected changes, treated as was asked. What cannot be treated so is a conflict: it is never committed in another way
 * instead. `merge`: what is in conflict is merged where that is possible.
 */
export async function preparePlan(
  controller: Controller,
  review: SessionReview,
  o: {
    readonly selected: ReadonlySet<number>;
    readonly treatments: ReadonlyMap<number, Treatment>;
    readonly merge: "no" | "clean" | "markers";
  },
): Promise<PreparedPlan> {
  const native = await controller.host.native();
  const made = new Map<number, ComposedChange>();
  const refused: PathConflict[] = [];
  let held = 0;
  const attempt = async (item: ReviewedChange, treatment: Treatment): Promise<void> => {
    const result = await treat(controller, review, { item, treatment });
    if (result === undefined) return;
    const checked = check(review, result, held);
    const { workspace, path } = item.change;
    if (isRefusal(checked)) refused.push({ workspace, path, reason: checked.refused });
    else {
      made.set(item.index, checked);
      held += checked.content?.bytes.length ?? 0;
    }
  };
  const plan = (): CommitPlan => {
    const changes = review.changeset.changes.map((change, at) => made.get(at)?.change ?? change);
    const changeset = { ...review.changeset, changes };
    return planCommit({
      ...{ changeset, layers: review.record.layers, selection: o.selected, native },
    });
  };
  for (const [index, treatment] of o.treatments) {
    const item = review.items[index];
    if (item !== undefined && o.selected.has(index)) await attempt(item, treatment);
  }
  const first = plan();
  if (o.merge === "no" || first.conflicts.length === 0) return finish(first, made, refused);
  const choice = o.merge === "markers" ? ("markers" as const) : undefined;
  const treatment: Treatment = { kind: "merge", choose: () => choice };
  const before = made.size;
  for (const item of findConflicting(review, first, o.treatments)) await attempt(item, treatment);
  return finish(made.size > before ? plan() : first, made, refused);
}

/** The changes that are in conflict and that nobody said anything else about. */
function findConflicting(
  review: SessionReview,
  plan: CommitPlan,
  treatments: ReadonlyMap<number, Treatment>,
): readonly ReviewedChange[] {
  const places = new Set(plan.conflicts.map(({ workspace, path }) => `${workspace}/${path}`));
  return review.items.filter(
    ({ change, index }) =>
      places.has(`${change.workspace}/${change.path}`) && !treatments.has(index),
  );
}

async function treat(
  controller: Controller,
  review: SessionReview,
  what: { readonly item: ReviewedChange; readonly treatment: Treatment },
): Promise<ComposedChange | Refusal | undefined> {
  const { item, treatment } = what;
  switch (treatment.kind) {
    case "edits":
      return composeEdits(review, item, treatment);
    case "theirs":
      return toBound(await takeTheirs(controller, review, item), treatment.bound);
    case "merge": {
      const open = await openMerge(controller, review, item);
      return toBound(isRefusal(open) ? open : open.compose(treatment.choose), treatment.bound);
    }
    default:
      return assertNever(treatment);
  }
}

/** What was reviewed must be what comes of it now. */
function toBound(
  result: ComposedChange | Refusal | undefined,
  bound: Digest | undefined,
): ComposedChange | Refusal | undefined {
  if (result === undefined || isRefusal(result) || bound === undefined) return result;
  if (result.change.digest === bound) return result;
  return { refused: "changed on the host since it was reviewed" };
}

function check(
  review: SessionReview,
  result: ComposedChange | Refusal,
  held: number,
): ComposedChange | Refusal {
  if (isRefusal(result)) return result;
  if (held + (result.content?.bytes.length ?? 0) > MOST_COMPOSED_BYTES)
    return { refused: "more than can be composed at once: name fewer PATHs" };
  return findDenial(review, result.change) ?? result;
}

/** A path that was refused says why once, in the place of what the plan says of it. */
function finish(
  plan: CommitPlan,
  made: ReadonlyMap<number, ComposedChange>,
  refused: readonly PathConflict[],
): PreparedPlan {
  const reasons = new Map(refused.map((one) => [`${one.workspace}/${one.path}`, one.reason]));
  const known = plan.conflicts.map((conflict) => {
    const key = `${conflict.workspace}/${conflict.path}`;
    const reason = reasons.get(key);
    reasons.delete(key);
    return reason === undefined
      ? conflict
      : { ...conflict, reason: `${conflict.reason}; ${reason}` };
  });
  const rest = refused.filter((one) => reasons.has(`${one.workspace}/${one.path}`));
  return {
    plan: { ...plan, conflicts: [...known, ...rest] },
    composed: new Map([...made.values()].map((one) => [one.change, one])),
  };
}
