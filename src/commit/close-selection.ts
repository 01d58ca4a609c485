import type { Change, Changeset } from "../core/change.js";
import { parentPath } from "../core/path.js";

/**
 * The selected changes in the changeset's order, with the directories above them that the changeset itself makes: a
 * file cannot be added without the directory it lies in.
 */
export function closeSelection(
  changeset: Changeset,
  selection: "all" | ReadonlySet<number>,
): readonly Change[] {
  const { changes } = changeset;
  if (selection === "all" || selection.size === changes.length) return changes;
  const makers = new Map<string, number>();
  changes.forEach((change, index) => {
    if (makesDirectory(change)) makers.set(toKey(change.workspace, change.path), index);
  });
  const chosen = new Set<number>();
  for (const index of selection) addWithParents(index, { changes, makers, chosen });
  return changes.filter((_, index) => chosen.has(index));
}

function addWithParents(
  index: number,
  known: {
    readonly changes: readonly Change[];
    readonly makers: ReadonlyMap<string, number>;
    readonly chosen: Set<number>;
  },
): void {
  let next: number | undefined = index;
  while (next !== undefined && !known.chosen.has(next)) {
    const change: Change | undefined = known.changes[next];
    if (change === undefined) throw new Error(`no change ${next} in the changeset`);
    known.chosen.add(next);
    next = change.after === undefined ? undefined : findMaker(change, known.makers);
  }
}

function findMaker(change: Change, makers: ReadonlyMap<string, number>): number | undefined {
  const parent = parentPath(change.path);
  return parent === undefined ? undefined : makers.get(toKey(change.workspace, parent));
}

/** True where there is a directory after the change and none before. */
function makesDirectory(change: Change): boolean {
  return change.after?.type === "dir" && change.before?.type !== "dir";
}

/** One string for a path of a workspace. */
export function toKey(workspace: number, path: string): string {
  return `${workspace}/${path}`;
}
