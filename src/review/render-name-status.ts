import type { Change } from "../core/change.js";
import type { Moves } from "./moves.js";
import { quoteGitPath } from "./git-quote.js";
import { toListed } from "./listed-changes.js";
import { toMovedAway, toOriginStatus } from "./moved-paths.js";
import { toPalette } from "./palette.js";

/**
 * One line a change, as `git diff --name-status`: `A`, `M`, `D` or `T` (another type), a tab, the path; `R` or `C` with the similarity, and both
 * paths, for what was moved or copied.
 */
export function renderNameStatus(
  changes: readonly Change[],
  o: {
    readonly colour: boolean;
    readonly moves?: Moves;
    /** Give them where a session has several: paths are then host paths. */
    readonly workspaces?: readonly string[];
  },
): string {
  const palette = toPalette(o.colour);
  const styles = { A: palette.green, M: palette.cyan, D: palette.red, T: palette.yellow };
  const moves: Moves = o.moves ?? new Map();
  const away = toMovedAway(moves);
  const toName = (change: Change): string => {
    const isDirectory = (change.after ?? change.before)?.type === "dir";
    const root = o.workspaces?.[change.workspace];
    const below = change.path === "" ? "." : change.path;
    const path = root === undefined ? below : `${root}/${below}`;
    return quoteGitPath(isDirectory ? `${path}/` : path);
  };
  return toListed(changes.map((change) => ({ change })))
    .filter(({ change }) => !away.has(change))
    .map(({ change }) => {
      const origin = moves.get(change);
      if (origin !== undefined)
        return `${palette.cyan(toOriginStatus(origin))}\t${toName(origin.from)}\t${toName(change)}\n`;
      const status = toStatus(change);
      return `${styles[status](status)}\t${toName(change)}\n`;
    })
    .join("");
}

function toStatus(change: Change): "A" | "M" | "D" | "T" {
  if (change.before === undefined) return "A";
  if (change.after === undefined) return "D";
  return change.before.type === change.after.type ? "M" : "T";
}
