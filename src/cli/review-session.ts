import { openHunks } from "../controller/compose-edits.js";
import { isRefusal } from "../controller/composed-change.js";
import type { Controller } from "../controller/controller.js";
import { findConflicts } from "../controller/find-conflicts.js";
import { listReviewUnits, type ReviewUnit } from "../controller/list-review-units.js";
import { loadReview } from "../controller/load-review.js";
import { readFileDiff } from "../controller/read-file-diff.js";
import { readPendingDecisions, saveDecisions } from "../controller/save-decisions.js";
import type { DecidedReview } from "../controller/save-review.js";
import type { ReviewedChange } from "../controller/session-review.js";
import type { SessionId } from "../core/ids.js";
import { formatCount } from "../review/format-units.js";
import { renderGit } from "../review/render-git.js";
import { renderPatch } from "../review/render-patch.js";
import { askKey } from "./ask-key.js";
import { type CliContext, wantsColour } from "./cli-context.js";
import { printPaged } from "./pager.js";
import { reviewConflict } from "./review-conflict.js";
import { isRunLater, nameOf, type ReviewDesk, type StepEnd, tellHead } from "./review-desk.js";
import { reviewHunks } from "./review-hunks.js";

/**
 * Asks a person about everything that is pending and not answered yet, riskiest first, file by file and hunk by hunk. Each answer is saved as it
 * is given, so that a review that was left goes on where it was.
 */
export async function reviewSession(
  context: CliContext,
  controller: Controller,
  asked: { readonly session: SessionId; readonly only?: ReadonlySet<number> },
): Promise<DecidedReview> {
  const review = await loadReview(controller, asked.session);
  const conflicts = await findConflicts(controller, review);
  let decisions = await readPendingDecisions(controller, review);
  const desk: ReviewDesk = {
    ...{ context, controller, review, colour: wantsColour(context, context.stderr) },
    save: async (...answers) => {
      decisions = await saveDecisions(controller, review, answers);
    },
  };
  const { only } = asked;
  const units = listReviewUnits(review, { decisions, conflicts, ...(only && { only }) });
  if (units.length === 0) context.stderr.write("nothing is left to be asked\n");
  for (const [at, unit] of units.entries())
    if ((await reviewUnit(desk, unit, `(${at + 1}/${units.length})`)) === "quit") break;
  return { review, decisions };
}

async function reviewUnit(desk: ReviewDesk, unit: ReviewUnit, place: string): Promise<StepEnd> {
  switch (unit.kind) {
    case "git": {
      const lines = renderGit(unit.group, desk.review.changeset.workspaces);
      desk.context.stderr.write(`\n${place}\n`);
      await printPaged(
        desk.context,
        lines.map((line) => `${line}\n`),
      );
      return await askWhole(desk, unit.items, "approve the repository's own data, as one?");
    }
    case "tree": {
      const [top] = unit.items;
      if (top === undefined) return "next";
      tellHead(desk, top, place);
      await printPaged(desk.context, listNames(desk, unit.items));
      const count = formatCount(unit.items.length, "path");
      return await askWhole(
        desk,
        unit.items,
        `${nameOf(desk, top.change)}: approve that these ${count} go?`,
      );
    }
    case "file":
      return await reviewFile(desk, unit, place);
  }
}

function* listNames(desk: ReviewDesk, items: readonly ReviewedChange[]): Generator<string> {
  for (const { change } of items) yield `  ${nameOf(desk, change)}\n`;
}

async function reviewFile(
  desk: ReviewDesk,
  unit: Extract<ReviewUnit, { kind: "file" }>,
  place: string,
): Promise<StepEnd> {
  const { conflict, saved, items } = unit;
  const [item] = items;
  tellHead(desk, item, place);
  if (conflict !== undefined) return await reviewConflict(desk, item, conflict);
  const open = canBeSplit(item) ? openHunks(desk.review, item) : undefined;
  if (open !== undefined && !isRefusal(open) && (open.hunks.length > 0 || open.hasMetadata))
    return await reviewHunks(desk, item, { open, saved });
  const { colour } = desk;
  const patch = renderPatch(readFileDiff(desk.review, item.change), { colour, terminal: true });
  await printPaged(desk.context, [patch]);
  return await askWhole(desk, items, `${nameOf(desk, item.change)}: approve it?`);
}

const RAISING = 0o6000;

/** What has setuid, setgid or capabilities is taken whole or not at all (see `toComposedFile`). */
function canBeSplit({ change: { before, after } }: ReviewedChange): boolean {
  return [before, after].every(
    (side) =>
      side?.type === "file" &&
      (side.mode & RAISING) === 0 &&
      side.xattrs?.["security.capability"] === undefined,
  );
}

/** One answer for all of `items`. */
async function askWhole(
  desk: ReviewDesk,
  items: readonly ReviewedChange[],
  question: string,
): Promise<StepEnd> {
  const hasAll = items.length === 1 && !items.some(isRunLater);
  const key = await askKey<"y" | "n" | "a" | "d">(desk.context, question, {
    y: "approve it",
    n: "not now: it stays pending",
    ...(hasAll && { a: "as y: it is asked about as a whole" }),
    d: "as n",
  });
  if (key === "q") return "quit";
  const verdict = key === "y" || key === "a" ? "approve" : "reject";
  await desk.save(...items.map(({ change }) => ({ change: change.digest, verdict }) as const));
  return "next";
}
