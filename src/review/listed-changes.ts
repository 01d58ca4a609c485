import type { Change } from "../core/change.js";
import { parentPath } from "../core/path.js";
import type { Decision, Risk } from "../core/risk.js";

/** A change with what review and policy say of it. */
export interface ReviewedChange {
  readonly change: Change;
  /** The worst first. */
  readonly risks: readonly Risk[];
  readonly ignored: boolean;
  readonly decision?: Decision;
}

/**
 * The changes that are worth a line: a directory that only comes or goes with what is in it is
 * left out, since its contents name it.
 */
export function toListed<T extends { readonly change: Change; readonly risks?: readonly Risk[] }>(
  items: readonly T[],
): readonly T[] {
  const parents = new Set<string>();
  for (const { change } of items) {
    const parent = parentPath(change.path);
    if (parent !== undefined) parents.add(`${change.workspace}\0${parent}`);
  }
  return items.filter(({ change, risks }) => {
    const isOnlyHolder = isDirectoryOnly(change) && !risks?.some((risk) => risk.id !== "deletes");
    return !isOnlyHolder || !parents.has(`${change.workspace}\0${change.path}`);
  });
}

/** A directory that is added or deleted, with nothing else on the other side. */
function isDirectoryOnly(change: Change): boolean {
  return change.kind !== "modify" && (change.after ?? change.before)?.type === "dir";
}
