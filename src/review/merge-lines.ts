import { diff3MergeRegions } from "node-diff3";
import { diffLines } from "./diff-lines.js";

/** A stretch of a three-way merge: lines that are settled, or what both sides made of the same place. */
export type MergePiece =
  | { readonly kind: "settled"; readonly lines: readonly string[] }
  | {
      readonly kind: "conflict";
      readonly ours: readonly string[];
      readonly theirs: readonly string[];
    };

/** The three texts, as lines that keep their newline. Ours is what is in the workspace now, theirs the task's. */
export interface MergeTexts {
  /** Undefined where it is not known: then every difference between the other two is a conflict. */
  readonly base: readonly string[] | undefined;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/**
 * Merges as diff3(1) does: what one side alone changed is taken, what both changed alike is taken once, edits of both that overlap or
 * touch are a conflict. Which lines correspond is found by `diffLines`, whose work is bounded whatever the texts
 * are: every line that corresponds is given to diff3 as one unique number, so that it has nothing to search.
 */
export function mergeLines({ base, ours, theirs }: MergeTexts): readonly MergePiece[] {
  if (base === undefined) return tidyPieces(mergeTwo(ours, theirs));
  const origin = [...base.keys()];
  const a = toTokens(base, ours, base.length);
  const b = toTokens(base, theirs, base.length + ours.length);
  const pieces: MergePiece[] = [];
  for (const region of diff3MergeRegions(a, origin, b)) {
    if (region.stable) {
      const from = region.buffer === "a" ? ours : region.buffer === "b" ? theirs : base;
      const lines = from.slice(region.bufferStart, region.bufferStart + region.bufferLength);
      pieces.push({ kind: "settled", lines });
      continue;
    }
    const mine = ours.slice(region.aStart, region.aStart + region.aLength);
    const other = theirs.slice(region.bStart, region.bStart + region.bLength);
    pieces.push(...toConflict(mine, other));
  }
  return tidyPieces(pieces);
}

/** The lines of `side` as numbers: of a line of the base its index, of any other one that occurs once. */
function toTokens(base: readonly string[], side: readonly string[], unused: number): number[] {
  const tokens: number[] = [];
  let at = 0;
  for (const { kind, count } of diffLines(base, side)) {
    if (kind === "delete") at += count;
    for (let i = 0; kind !== "delete" && i < count; i += 1) {
      tokens.push(kind === "add" ? unused + tokens.length : at);
      if (kind === "context") at += 1;
    }
  }
  return tokens;
}

/** What both sides begin or end with alike is no conflict. */
function toConflict(ours: readonly string[], theirs: readonly string[]): readonly MergePiece[] {
  const most = Math.min(ours.length, theirs.length);
  let start = 0;
  while (start < most && ours[start] === theirs[start]) start += 1;
  let tail = 0;
  while (tail < most - start && ours.at(-1 - tail) === theirs.at(-1 - tail)) tail += 1;
  const mine = ours.slice(start, ours.length - tail);
  const other = theirs.slice(start, theirs.length - tail);
  return [
    { kind: "settled", lines: ours.slice(0, start) },
    ...(mine.length + other.length > 0
      ? [{ kind: "conflict" as const, ours: mine, theirs: other }]
      : []),
    { kind: "settled", lines: ours.slice(ours.length - tail) },
  ];
}

function mergeTwo(ours: readonly string[], theirs: readonly string[]): readonly MergePiece[] {
  const pieces: MergePiece[] = [];
  let mine: readonly string[] = [];
  let other: readonly string[] = [];
  let at = { ours: 0, theirs: 0 };
  const flush = (): void => {
    if (mine.length + other.length > 0)
      pieces.push({ kind: "conflict", ours: mine, theirs: other });
    mine = other = [];
  };
  for (const { kind, count } of diffLines(ours, theirs)) {
    if (kind === "delete") mine = ours.slice(at.ours, at.ours + count);
    else if (kind === "add") other = theirs.slice(at.theirs, at.theirs + count);
    else {
      flush();
      pieces.push({ kind: "settled", lines: ours.slice(at.ours, at.ours + count) });
    }
    at = {
      ours: at.ours + (kind === "add" ? 0 : count),
      theirs: at.theirs + (kind === "delete" ? 0 : count),
    };
  }
  flush();
  return pieces;
}

/** Joins settled neighbours and drops what is empty. */
function tidyPieces(pieces: readonly MergePiece[]): readonly MergePiece[] {
  const out: MergePiece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (piece.kind === "settled" && piece.lines.length === 0) continue;
    if (piece.kind === "settled" && last?.kind === "settled")
      out[out.length - 1] = { kind: "settled", lines: [...last.lines, ...piece.lines] };
    else out.push(piece);
  }
  return out;
}
