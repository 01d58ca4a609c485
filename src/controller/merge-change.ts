import type { BaseState, Change, NextState } from "../core/change.js";
import type { ConflictChoice } from "../core/saved-decision.js";
import { readContent } from "../overlay/read-content.js";
import { readPresent } from "../overlay/read-present.js";
import { toByteLines } from "../review/byte-lines.js";
import { composeMerge, countConflicts } from "../review/compose-merge.js";
import { type MergePiece, mergeLines } from "../review/merge-lines.js";
import { type MergedMetadata, mergeMetadata } from "../review/merge-metadata.js";
import { DIFF_LIMITS } from "../review/text-diff.js";
import { type ComposedChange, isRefusal, type Refusal, toComposedFile } from "./composed-change.js";
import type { Controller } from "./controller.js";
import { digestOf } from "./keep-bases.js";
import { layersOf, type ReviewedChange, type SessionReview } from "./session-review.js";

/** A merge that was looked at: its stretches, and what they make once each conflict is settled. */
export interface OpenMerge {
  readonly pieces: readonly MergePiece[];
  readonly conflicts: number;
  /** Refused where `choose` leaves a conflict unsettled. */
  compose(choose: (conflict: number) => ConflictChoice | undefined): ComposedChange | Refusal;
}

/**
 * Merges a change of the task with what the host made of the same file meanwhile. Refused for what is no text file on all sides, what
 * runs later on the host, and what has several names.
 */
export async function openMerge(
  controller: Controller,
  review: SessionReview,
  item: ReviewedChange,
): Promise<OpenMerge | Refusal> {
  const sides = await readSides(controller, review, item);
  if (isRefusal(sides)) return sides;
  const lines = toLines(sides);
  if (isRefusal(lines)) return lines;
  const metadata = toMetadata(item.change, sides);
  if (isRefusal(metadata)) return metadata;
  const pieces = mergeLines(lines);
  const conflicts = countConflicts(pieces);
  return {
    pieces,
    conflicts,
    compose: (choose) => {
      const bytes = composeMerge(pieces, choose);
      if (bytes === undefined) return { refused: describeConflicts(conflicts, sides.base) };
      const { present } = sides;
      const change = toComposedFile(item.change, { present, after: metadata }, bytes);
      if (isRefusal(change)) return change;
      const marked = [...Array(conflicts).keys()].filter((at) => choose(at) === "markers").length;
      return {
        ...{ how: "merge", original: item.change, change, rest: "none" },
        content: { bytes, present: sides.ours },
        note: marked === 0 ? "merged" : `merged, with markers at ${marked} conflicts`,
      };
    },
  };
}

interface Sides {
  readonly before: BaseState;
  readonly after: NextState;
  readonly present: BaseState;
  /** Undefined where it was not kept. */
  readonly base: Uint8Array | undefined;
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

async function readSides(
  controller: Controller,
  review: SessionReview,
  item: ReviewedChange,
): Promise<Sides | Refusal> {
  const { change } = item;
  const { before, after, path } = change;
  if (before?.type !== "file" || after?.type !== "file")
    return { refused: "only a text file that was changed can be merged" };
  if (item.risks.some((risk) => risk.id === "runs-later"))
    return { refused: "it runs later on this host: never merged" };
  if (after.linkGroup !== undefined) return { refused: "it is one of several names of one file" };
  const { lower, upper } = layersOf(review.record, change);
  const present = readPresent(lower, path, await controller.host.native());
  if (present === undefined || present === "denied" || present.type !== "file")
    return { refused: "there is no file on the host to merge with" };
  const limit = { maxBytes: DIFF_LIMITS.bytes };
  const ours = readContent(lower, path, limit);
  const theirs = readContent(upper, path, limit);
  if (ours === undefined || theirs === undefined) return { refused: "it is too large to merge" };
  if (digestOf(ours) !== present.digest || digestOf(theirs) !== after.digest)
    return { refused: "it changed while it was read" };
  const base = await readBase(controller, review, change);
  return { before, after, present, ours, theirs, base };
}

/** What the task began with. */
async function readBase(
  controller: Controller,
  review: SessionReview,
  { before, hostTouched }: Change,
): Promise<Uint8Array | undefined> {
  if (before?.digest === undefined || hostTouched !== undefined) return undefined;
  return await controller.store.readBase(review.record.session, before.digest);
}

interface Lines {
  readonly base: readonly string[] | undefined;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

function toLines({ before, after, base, ours, theirs }: Sides): Lines | Refusal {
  // The task left the content alone: ours is the merge, whatever it is.
  const unchanged = before.digest !== undefined && before.digest === after.digest;
  const lines = { ours: toByteLines(ours), theirs: toByteLines(theirs) };
  if (lines.ours === undefined || lines.theirs === undefined)
    return { refused: "it is not text, or too large to merge" };
  if (unchanged) return { base: lines.theirs, ours: lines.ours, theirs: lines.theirs };
  const origin = base === undefined ? undefined : toByteLines(base);
  return { base: origin, ours: lines.ours, theirs: lines.theirs };
}

function toMetadata(change: Change, sides: Sides): MergedMetadata | Refusal {
  const { before, present, after } = sides;
  // Edited during the run: what it was for the task is not known.
  if (change.hostTouched !== undefined && present.mode !== after.mode)
    return { refused: "its mode was changed on the host or by the task: it cannot be merged" };
  const merged = mergeMetadata(before, present, after);
  if (typeof merged !== "string") return merged;
  return { refused: `both the host and the task changed its ${merged}` };
}

function describeConflicts(count: number, base: Uint8Array | undefined): string {
  if (base === undefined)
    return "not merged: what the task began with was not kept (edited during the run, or too large)";
  const places = count === 1 ? "one place" : `${count} places`;
  return `not merged: the host and the task changed ${places} differently`;
}
