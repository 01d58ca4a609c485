import type { Change } from "../core/change.js";
import { baseName } from "../core/path.js";
import { findAlike } from "./find-alike.js";
import type { Moves, MoveSearch, ReadSide } from "./moves.js";

/**
 * Finds out of which deleted or modified files the added ones were made, as `git diff -M -C` does: by digest first, then by
 * content that is alike (`findAlike`). For showing only: what is applied are the changes themselves. Files of
 * different workspaces are never paired, and neither are empty ones, which say nothing.
 */
export function findMoves(changes: readonly Change[], read: ReadSide): Moves {
  const search: MoveSearch = { moves: new Map(), claimed: new Set() };
  const added = changes.filter(({ kind }) => kind === "add");
  const sources = changes.filter(({ kind }) => kind !== "add");
  if (added.length === 0 || sources.length === 0) return search.moves;
  findSame(added, sources, search);
  findAlike(added, sources, { ...search, read });
  return search.moves;
}

/** Sources in the order in which they are given away; each is looked at once. */
interface Pool {
  readonly sources: Change[];
  next: number;
}

function findSame(added: readonly Change[], sources: readonly Change[], search: MoveSearch): void {
  const byContent = toPools(sources, (source) => toContentKey(source, "before"));
  const byName = toPools(sources, (source) => toNamedKey(source, "before"));
  // Those that kept their name first, so that of two files with one content each finds its own.
  for (const change of added) claim(change, byName.get(toNamedKey(change, "after") ?? ""), search);
  for (const change of added) {
    const pool = byContent.get(toContentKey(change, "after") ?? "");
    const from = pool?.sources[0];
    if (from === undefined || search.moves.has(change) || claim(change, pool, search)) continue;
    search.moves.set(change, { kind: "copy", from, similarity: 100 });
  }
}

function toPools(
  sources: readonly Change[],
  toKey: (source: Change) => string | undefined,
): ReadonlyMap<string, Pool> {
  const pools = new Map<string, Pool>();
  for (const source of sources) {
    const key = toKey(source);
    if (key === undefined) continue;
    const pool = pools.get(key);
    if (pool === undefined) pools.set(key, { sources: [source], next: 0 });
    else pool.sources.push(source);
  }
  return pools;
}

function claim(change: Change, pool: Pool | undefined, search: MoveSearch): boolean {
  for (; pool !== undefined && pool.next < pool.sources.length; pool.next += 1) {
    const from = pool.sources[pool.next];
    if (from?.kind !== "delete" || search.claimed.has(from)) continue;
    search.claimed.add(from);
    search.moves.set(change, { kind: "move", from, similarity: 100 });
    return true;
  }
  return false;
}

/** The same for two states with the same content; undefined where it is not known or there is none. */
function toContentKey(change: Change, side: "before" | "after"): string | undefined {
  const state = change[side];
  if (state?.type === "symlink") return `${change.workspace} link ${state.target ?? ""}`;
  if (state?.type !== "file" || state.size === 0 || state.digest === undefined) return undefined;
  return `${change.workspace} file ${state.digest}`;
}

function toNamedKey(change: Change, side: "before" | "after"): string | undefined {
  const key = toContentKey(change, side);
  return key === undefined ? undefined : `${key} ${baseName(change.path)}`;
}
