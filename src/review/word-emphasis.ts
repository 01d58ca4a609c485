import { diffWordsWithSpace } from "diff";
import type { HunkLine } from "./to-hunks.js";

/** A piece of a line, and whether it is what changed in it. */
export interface Span {
  readonly text: string;
  readonly changed: boolean;
}

const MAX_LENGTH = 500;
const MAX_EDITS = 100;
const MAX_BLOCK = 50;
/** Below this part in common two lines are two lines, not one that changed. */
const SIMILAR = 0.4;

/**
 * The words that changed in the lines of a hunk: index of a line → its pieces. Deleted and added
 * lines of one block are compared in order, where there are as many of the one as of the other.
 */
export function emphasiseWords(lines: readonly HunkLine[]): ReadonlyMap<number, readonly Span[]> {
  const spans = new Map<number, readonly Span[]>();
  for (let at = 0; at < lines.length; ) {
    const deleted = countKind(lines, at, "delete");
    const added = countKind(lines, at + deleted, "add");
    if (deleted === added && deleted > 0 && deleted <= MAX_BLOCK)
      for (let i = at; i < at + deleted; i++) pair(lines, { old: i, new: i + deleted }, spans);
    at += Math.max(1, deleted + added);
  }
  return spans;
}

function countKind(lines: readonly HunkLine[], from: number, kind: HunkLine["kind"]): number {
  let count = 0;
  while (lines[from + count]?.kind === kind) count += 1;
  return count;
}

function pair(
  lines: readonly HunkLine[],
  at: { readonly old: number; readonly new: number },
  spans: Map<number, readonly Span[]>,
): void {
  const before = lines[at.old]?.text ?? "";
  const after = lines[at.new]?.text ?? "";
  if (Math.max(before.length, after.length) > MAX_LENGTH) return;
  const parts = diffWordsWithSpace(before, after, { maxEditLength: MAX_EDITS });
  if (parts === undefined) return;
  const common = parts.filter((part) => !part.added && !part.removed);
  const shared = common.reduce((sum, part) => sum + part.value.trim().length, 0);
  if (shared < SIMILAR * Math.max(before.trim().length, after.trim().length)) return;
  spans.set(at.old, parts.filter((part) => !part.added).map(toSpan));
  spans.set(at.new, parts.filter((part) => !part.removed).map(toSpan));
}

function toSpan(part: { value: string; added: boolean; removed: boolean }): Span {
  return { text: part.value, changed: part.added || part.removed };
}
