import { type LineRun, tidyRuns } from "./line-runs.js";

/**
 * A change that only adds or only deletes is moved as far down as the text allows, as git does:
 * a new function then ends with its own brace, not with its neighbour's.
 */
export function slideDown(
  runs: readonly LineRun[],
  a: readonly number[],
  b: readonly number[],
): readonly LineRun[] {
  const at = { delete: 0, add: 0 };
  const out: LineRun[] = [];
  let moved = 0;
  for (const [index, run] of runs.entries()) {
    const count = run.count - moved;
    moved = 0;
    if (run.kind !== "context" && isAlone(runs, index)) {
      const most = runs[index + 1]?.count ?? 0;
      moved = countShift(run.kind === "add" ? b : a, { from: at[run.kind], count, most });
      out.push({ kind: "context", count: moved });
      at.delete += moved;
      at.add += moved;
    }
    out.push({ kind: run.kind, count });
    if (run.kind !== "add") at.delete += count;
    if (run.kind !== "delete") at.add += count;
  }
  return tidyRuns(out);
}

/** No other change touches it: it can move into the lines below. */
function isAlone(runs: readonly LineRun[], index: number): boolean {
  return runs[index - 1]?.kind !== "delete" && runs[index + 1]?.kind === "context";
}

/** How many lines the run can move: the line that enters it below must equal the one that leaves above. */
function countShift(
  lines: readonly number[],
  run: { readonly from: number; readonly count: number; readonly most: number },
): number {
  let shift = 0;
  while (shift < run.most && lines[run.from + shift] === lines[run.from + run.count + shift])
    shift += 1;
  return shift;
}
