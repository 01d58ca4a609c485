import type { Change } from "../core/change.js";
import type { RelPath } from "../core/path.js";
import type { Moves, Origin } from "./moves.js";

/** One line about moves: a single one, or all that went unaltered from one directory to another. */
export interface FoldedMove {
  readonly workspace: number;
  readonly from: RelPath;
  readonly to: RelPath;
  /** 1: `from` and `to` are a file's; else those of the directories. */
  readonly files: number;
  readonly similarity: number;
}

/**
 * Moves, with those of a renamed directory folded to one line. Only what is the same byte for byte is folded: a file that was
 * altered on the way is named.
 */
export function foldMoves(moves: Moves): readonly FoldedMove[] {
  const groups = new Map<string, { move: FoldedMove; dirs: Pick<FoldedMove, "from" | "to"> }[]>();
  for (const [to, origin] of moves) {
    if (origin.kind !== "move") continue;
    const dirs = toDirs(origin.from.path, to.path);
    const isFoldable = origin.similarity === 100 && dirs !== undefined;
    const key = isFoldable ? `${to.workspace}\0${dirs.from}\0${dirs.to}` : `\0${groups.size}`;
    const entry = { move: toMove(to, origin), dirs: dirs ?? { from: to.path, to: to.path } };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return group.length === 1
      ? [first.move]
      : [{ ...first.move, ...first.dirs, files: group.length }];
  });
}

function toMove(to: Change, { from, similarity }: Origin): FoldedMove {
  return { workspace: to.workspace, from: from.path, to: to.path, files: 1, similarity };
}

/** The directories whose renaming alone would explain the move; undefined where the file got another name. */
function toDirs(from: RelPath, to: RelPath): Pick<FoldedMove, "from" | "to"> | undefined {
  const old = from.split("/");
  const now = to.split("/");
  let same = 0;
  while (old.at(-1 - same) !== undefined && old.at(-1 - same) === now.at(-1 - same)) same += 1;
  if (same === 0) return undefined;
  const above = (parts: readonly string[]): RelPath =>
    parts.slice(0, parts.length - same).join("/") as RelPath;
  return { from: above(old), to: above(now) };
}
