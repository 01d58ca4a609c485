import type { RelPath } from "../core/path.js";
import { readJournal } from "./read-journal.js";
import { COMMIT_ROOT } from "./roots.js";
import type { PathState, Step } from "./step.js";
import type { Stamp } from "./transaction.js";

/** A path that a commit wrote; `workspace` is an index into the commit's own list. */
export interface AppliedPath {
  readonly workspace: number;
  readonly path: RelPath;
  /** Only a part of the task's change was written: what is there now. The rest is still pending. */
  readonly partly?: PathState & Stamp;
}

/** The paths a sealed commit wrote, by its journal. Throws as `readJournal`. */
export function readApplied(commitDir: string): readonly AppliedPath[] {
  const { transaction, staged, results } = readJournal(commitDir);
  return (transaction?.steps ?? []).map((step) => {
    const { workspace, path, after } = step;
    const stamp = results.steps.get(step.n);
    if (!isPartial(step) || after === undefined || stamp === undefined) return { workspace, path };
    const { mtimeNs } = staged?.get(step.n) ?? after;
    return { workspace, path, partly: { ...after, mtimeNs, ...stamp } };
  });
}

/** Composed content that leaves the original in the layers. */
function isPartial({ source }: Step): boolean {
  return source?.kind === "copy" && source.from.root === COMMIT_ROOT && source.ino === undefined;
}
