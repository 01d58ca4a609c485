import { type ComposedChange, isRefusal } from "../controller/composed-change.js";
import { toComposedDiff } from "../controller/composed-diff.js";
import type { OpenMerge } from "../controller/merge-change.js";
import {
  isStillTheirs,
  type OpenConflict,
  openConflict,
  permit,
  toTheirsDecision,
} from "../controller/open-conflict.js";
import { readFileDiff } from "../controller/read-file-diff.js";
import type { ReviewedChange } from "../controller/session-review.js";
import type { ConflictChoice, SavedDecision } from "../core/saved-decision.js";
import { neutralise } from "../review/neutralise.js";
import { renderMergeConflict } from "../review/render-merge-conflict.js";
import { renderPatch } from "../review/render-patch.js";
import { askKey } from "./ask-key.js";
import { printPaged } from "./pager.js";
import { nameOf, type ReviewDesk, type StepEnd } from "./review-desk.js";

/** Yours, merged, the task's. */
type ConflictKey = "o" | "m" | "t";

/** Asks about a change that the host's own stands against. */
export async function reviewConflict(
  desk: ReviewDesk,
  item: ReviewedChange,
  conflict: { readonly reason: string; readonly task?: string },
): Promise<StepEnd> {
  const { context, controller, review } = desk;
  const task = conflict.task === undefined ? "" : `; the task ${conflict.task}`;
  context.stderr.write(`  conflict: ${neutralise(`${conflict.reason}${task}`)}\n`);
  for (;;) {
    const open = await openConflict(controller, review, item);
    if (!isRefusal(open.theirs)) await showTheirs(desk, open.theirs);
    const question = `${nameOf(desk, item.change)}: which one?`;
    const key = await askKey(context, question, toKeys(open));
    const decision = key === "q" ? "quit" : await settle(desk, item, { key, open });
    if (decision === "quit") return "quit";
    if (decision === undefined) continue;
    await desk.save(decision);
    return "next";
  }
}

function toKeys({ merge, theirs }: OpenConflict): Partial<Record<ConflictKey, string>> {
  return {
    o: "keep yours: the task's stays pending",
    ...(isRefusal(merge) ? {} : { m: "merge both, and look at it" }),
    ...(isRefusal(theirs) ? {} : { t: "take the task's, as shown, over yours" }),
  };
}

/** The task's version against what is in the workspace now. */
async function showTheirs(desk: ReviewDesk, { change }: ComposedChange): Promise<void> {
  const { colour } = desk;
  const patch = renderPatch(readFileDiff(desk.review, change), { colour, terminal: true });
  desk.context.stderr.write("  from what you have now to the task's:\n");
  await printPaged(desk.context, [patch]);
}

/** Undefined: nothing was decided, ask again. */
async function settle(
  desk: ReviewDesk,
  item: ReviewedChange,
  chosen: { readonly key: ConflictKey; readonly open: OpenConflict },
): Promise<SavedDecision | "quit" | undefined> {
  const { merge, theirs } = chosen.open;
  if (chosen.key === "o") return { change: item.change.digest, verdict: "reject" };
  if (chosen.key === "m")
    return isRefusal(merge) ? undefined : await settleMerge(desk, item, merge);
  if (isRefusal(theirs)) return undefined;
  const { controller, review } = desk;
  if (await isStillTheirs(controller, { review, item }, theirs)) return toTheirsDecision(theirs);
  desk.context.stderr.write("  it was changed meanwhile: look again\n");
  return undefined;
}

/** Conflict by conflict, then the whole, which is what gets approved. */
async function settleMerge(
  desk: ReviewDesk,
  item: ReviewedChange,
  merge: OpenMerge,
): Promise<SavedDecision | "quit" | undefined> {
  const { context, colour } = desk;
  const name = nameOf(desk, item.change);
  const conflicts: ConflictChoice[] = [];
  for (const piece of merge.pieces) {
    if (piece.kind === "settled") continue;
    await printPaged(context, [renderMergeConflict(piece, { colour })]);
    const key = await askKey<"o" | "t" | "b">(
      context,
      `${name}: conflict ${conflicts.length + 1} of ${merge.conflicts}, which lines?`,
      { o: "yours", t: "the task's", b: "both, between conflict markers" },
    );
    if (key === "q") return "quit";
    conflicts.push(CHOICES[key]);
  }
  const made = permit(
    desk.review,
    merge.compose((at) => conflicts[at]),
  );
  if (isRefusal(made)) {
    context.stderr.write(`  ${neutralise(made.refused)}\n`);
    return undefined;
  }
  const diff = toComposedDiff(made);
  if (diff !== undefined)
    await printPaged(context, [renderPatch(diff, { colour, terminal: true })]);
  const key = await askKey<"y" | "n">(context, `${name}: approve this merge?`, {
    y: "approve it",
    n: "decide again",
  });
  if (key === "q") return "quit";
  if (key === "n") return undefined;
  return { change: item.change.digest, verdict: "merge", conflicts, result: made.change.digest };
}

const CHOICES: Readonly<Record<"o" | "t" | "b", ConflictChoice>> = {
  o: "ours",
  t: "theirs",
  b: "markers",
};
