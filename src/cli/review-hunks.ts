import type { OpenHunks } from "../controller/compose-edits.js";
import type { ReviewedChange } from "../controller/session-review.js";
import type { SavedDecision } from "../core/saved-decision.js";
import { renderPatch, renderSingleHunk } from "../review/render-patch.js";
import {
  answerPart,
  type HunkWalk,
  keysOf,
  startWalk,
  toWalkDecision,
  type WalkKey,
  type WalkPart,
} from "../review/walk-hunks.js";
import { askKey } from "./ask-key.js";
import { printPaged } from "./pager.js";
import { isRunLater, nameOf, type ReviewDesk, type StepEnd } from "./review-desk.js";

const MEANINGS: Readonly<Record<WalkKey, string>> = {
  y: "approve this",
  n: "not this: it stays pending",
  a: "approve this and all that is left of this file",
  d: "neither this nor what is left of this file",
  s: "split it into smaller ones",
};

/** Asks hunk by hunk; each answer is saved before the next question. */
export async function reviewHunks(
  desk: ReviewDesk,
  item: ReviewedChange,
  file: { readonly open: OpenHunks; readonly saved: SavedDecision | undefined },
): Promise<StepEnd> {
  const { hunks, hasMetadata } = file.open;
  const facts = { change: item.change.digest, hunks, hasMetadata, runsLater: isRunLater(item) };
  let walk = startWalk(facts, file.saved);
  for (;;) {
    const [part] = walk.parts;
    if (part === undefined) return "next";
    await printPaged(desk.context, [renderPart(desk, item, part)]);
    const key = await askKey<WalkKey>(
      desk.context,
      toQuestion(nameOf(desk, item.change), part, hunks.length),
      toKeys(walk),
    );
    if (key === "q") return "quit";
    const next = answerPart(walk, key);
    if (next === undefined) continue;
    walk = next;
    const decision = key === "s" ? undefined : toWalkDecision(walk);
    if (decision !== undefined) await desk.save(decision);
  }
}

function toKeys(walk: HunkWalk): Partial<Record<WalkKey, string>> {
  return Object.fromEntries(keysOf(walk).map((key) => [key, MEANINGS[key]]));
}

function toQuestion(name: string, part: WalkPart, total: number): string {
  if (part.kind === "metadata") return `${name}: approve its new mode, owner or attributes?`;
  return `${name}: approve hunk ${part.label} of ${total}?`;
}

function renderPart(desk: ReviewDesk, { change }: ReviewedChange, part: WalkPart): string {
  const { colour } = desk;
  if (part.kind === "lines") return renderSingleHunk(part.hunk, { colour });
  const { before, after } = change;
  const sides = { ...(before && { before }), ...(after && { after }) };
  const diff = { kind: "text", hunks: [], added: 0, deleted: 0, crlf: false } as const;
  return renderPatch({ change, parts: [{ ...sides, diff }] }, { colour, terminal: true });
}
