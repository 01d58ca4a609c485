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
  const places: AppliedPath[] = [];
  const takeStep = (line: string): boolean => {
    const place = toWhole(line);
    if (place !== undefined) places.push(place);
    return place !== undefined;
  };
  const { transaction, staged, results } = readJournal(commitDir, { takeStep });
  const others = (transaction?.steps ?? []).map((step) => {
    const { workspace, path, after } = step;
    const stamp = results.steps.get(step.n);
    if (!isPartial(step) || after === undefined || stamp === undefined) return { workspace, path };
    const { mtimeNs } = staged?.get(step.n) ?? after;
    return { workspace, path, partly: { ...after, mtimeNs, ...stamp } };
  });
  return transaction === undefined ? [] : [...places, ...others];
}

/** How the line of a step begins. The SHA-256 of a journal says that every byte of it is as this program wrote it. */
const PLACE = /^\{"t":"step","n":\d+,"act":"[a-z]+","workspace":(\d+),"path":("(?:[^"\\]|\\.)*"),/;

/** Where a step is that takes nothing from the commit's own directory; only the beginning is read, for there may be many. */
function toWhole(line: string): AppliedPath | undefined {
  if (line.includes(`"root":"${COMMIT_ROOT}"`)) return undefined;
  const [, workspace, path] = PLACE.exec(line) ?? [];
  if (workspace === undefined || path === undefined) return undefined;
  return { workspace: Number(workspace), path: JSON.parse(path) as RelPath };
}

/** Composed content that leaves the original in the layers. */
function isPartial({ source }: Step): boolean {
  return source?.kind === "copy" && source.from.root === COMMIT_ROOT && source.ino === undefined;
}
