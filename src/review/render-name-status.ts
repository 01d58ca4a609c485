import type { Change } from "../core/change.js";
import { quoteGitPath } from "./git-quote.js";
import { toListed } from "./listed-changes.js";
import { toPalette } from "./palette.js";

/** One line a change, as `git diff --name-status`: `A`, `M`, `D` or `T` (another type), a tab, the path. */
export function renderNameStatus(
  changes: readonly Change[],
  o: {
    readonly colour: boolean;
    /** Give them where a session has several: paths are then host paths. */
    readonly workspaces?: readonly string[];
  },
): string {
  const palette = toPalette(o.colour);
  const styles = { A: palette.green, M: palette.cyan, D: palette.red, T: palette.yellow };
  return toListed(changes.map((change) => ({ change })))
    .map(({ change }) => {
      const status = toStatus(change);
      const isDirectory = (change.after ?? change.before)?.type === "dir";
      const root = o.workspaces?.[change.workspace];
      const below = change.path === "" ? "." : change.path;
      const path = root === undefined ? below : `${root}/${below}`;
      return `${styles[status](status)}\t${quoteGitPath(isDirectory ? `${path}/` : path)}\n`;
    })
    .join("");
}

function toStatus(change: Change): "A" | "M" | "D" | "T" {
  if (change.before === undefined) return "A";
  if (change.after === undefined) return "D";
  return change.before.type === change.after.type ? "M" : "T";
}
