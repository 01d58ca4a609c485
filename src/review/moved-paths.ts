import type { Change } from "../core/change.js";
import type { Moves, Origin } from "./moves.js";

/** What is shown at the path it went to, and so not as a deletion too. */
export function toMovedAway(moves: Moves): ReadonlySet<Change> {
  const away = new Set<Change>();
  for (const { kind, from } of moves.values()) if (kind === "move") away.add(from);
  return away;
}

/** git's letter and number: `R100`, `C075`. */
export function toOriginStatus({ kind, similarity }: Origin): string {
  return `${kind === "move" ? "R" : "C"}${String(similarity).padStart(3, "0")}`;
}

/**
 * Two paths in one, what they share said once: `src/{old => new}/file`; as git writes it (diff.c, pprint_rename), before
 * quoting.
 */
export function toMoveName(from: string, to: string): string {
  const prefix = countPrefix(from, to);
  const suffix = countSuffix(from, to, prefix);
  const middle = (path: string): string =>
    path.slice(prefix, Math.max(prefix, path.length - suffix));
  const change = `${middle(from)} => ${middle(to)}`;
  if (prefix + suffix === 0) return change;
  return `${from.slice(0, prefix)}{${change}}${suffix === 0 ? "" : from.slice(-suffix)}`;
}

/** Whole directories at the start, with their slash. */
function countPrefix(from: string, to: string): number {
  let at = 0;
  let length = 0;
  for (; at < from.length && from[at] === to[at]; at += 1) if (from[at] === "/") length = at + 1;
  return length;
}

/** Whole components at the end, with their slash; the slash of the prefix may be theirs too. */
function countSuffix(from: string, to: string, prefix: number): number {
  const least = prefix === 0 ? 0 : prefix - 1;
  let length = 0;
  for (let at = 1; from.length - at >= least && to.length - at >= least; at += 1) {
    if (from[from.length - at] !== to[to.length - at]) break;
    if (from[from.length - at] === "/") length = at;
  }
  return length;
}
