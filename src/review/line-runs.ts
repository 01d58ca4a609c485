/** A run of lines: kept, taken from the old text or put in from the new one. */
export interface LineRun {
  readonly kind: "context" | "delete" | "add";
  readonly count: number;
}

/** Joins neighbours of one kind and puts the deletes of each change before its adds. */
export function tidyRuns(runs: readonly LineRun[]): LineRun[] {
  const out: LineRun[] = [];
  let deleted = 0;
  let added = 0;
  let kept = 0;
  const flush = (): void => {
    if (kept > 0) out.push({ kind: "context", count: kept });
    if (deleted > 0) out.push({ kind: "delete", count: deleted });
    if (added > 0) out.push({ kind: "add", count: added });
    kept = deleted = added = 0;
  };
  for (const { kind, count } of runs) {
    if (count === 0) continue;
    if (kind === "context") {
      if (deleted + added > 0) flush();
      kept += count;
    } else if (kind === "delete") deleted += count;
    else added += count;
  }
  flush();
  return out;
}
