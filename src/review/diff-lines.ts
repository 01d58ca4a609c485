import { diffArrays } from "diff";
import { findAnchors } from "./find-anchors.js";
import { type LineRun, tidyRuns } from "./line-runs.js";
import { slideDown } from "./slide-down.js";

/** Edits after which an exact comparison gives up; work grows with its square. */
const MAX_EDITS = 1000;
const MAX_DEPTH = 4;

/**
 * The runs that lead from one list of lines to the other; in each change the deletes come first.
 * Always ends soon: what differs too much for Myers' algorithm is cut at lines that occur once on
 * both sides (as in a patience diff), and what has none is replaced as a whole.
 */
export function diffLines(before: readonly string[], after: readonly string[]): readonly LineRun[] {
  const [a, b] = intern(before, after);
  const runs: LineRun[] = [];
  compare(a, b, { runs, depth: 0 });
  return slideDown(tidyRuns(runs), a, b);
}

/** Lines as numbers, so that comparing two costs one step whatever their length. */
function intern(before: readonly string[], after: readonly string[]): [number[], number[]] {
  const ids = new Map<string, number>();
  const toId = (line: string): number => {
    const id = ids.get(line) ?? ids.size;
    ids.set(line, id);
    return id;
  };
  return [before.map(toId), after.map(toId)];
}

interface Comparison {
  readonly runs: LineRun[];
  readonly depth: number;
}

function compare(a: number[], b: number[], to: Comparison): void {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let tail = 0;
  const most = Math.min(a.length, b.length) - start;
  while (tail < most && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  to.runs.push({ kind: "context", count: start });
  compareMiddle(a.slice(start, a.length - tail), b.slice(start, b.length - tail), to);
  to.runs.push({ kind: "context", count: tail });
}

function compareMiddle(a: number[], b: number[], to: Comparison): void {
  const exact =
    a.length === 0 || b.length === 0 ? undefined : diffArrays(a, b, { maxEditLength: MAX_EDITS });
  if (exact !== undefined) {
    for (const part of exact) to.runs.push({ kind: toKind(part), count: part.count });
    return;
  }
  const anchors = to.depth < MAX_DEPTH ? findAnchors(a, b) : [];
  if (anchors.length === 0) {
    to.runs.push({ kind: "delete", count: a.length }, { kind: "add", count: b.length });
    return;
  }
  let at = { a: 0, b: 0 };
  for (const end of [...anchors, { a: a.length, b: b.length }]) {
    compare(a.slice(at.a, end.a), b.slice(at.b, end.b), { runs: to.runs, depth: to.depth + 1 });
    at = end;
  }
}

function toKind(part: { readonly added: boolean; readonly removed: boolean }): LineRun["kind"] {
  if (part.added) return "add";
  return part.removed ? "delete" : "context";
}
