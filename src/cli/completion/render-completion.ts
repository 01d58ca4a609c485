import { assertNever } from "../../core/assert-never.js";
import type { CompletionShell, CompletionTable } from "./completion-table.js";
import { renderBash } from "./render-bash.js";
import { renderFish } from "./render-fish.js";
import { renderZsh } from "./render-zsh.js";

/**
 * The completion script of one shell. Commands and options are written into it; ids of sessions and
 * commits are asked for with `EXECUTABLE __complete sessions|commits`, which prints a line each: the
 * id, a tab, and what it is. Whatever it prints is only compared and inserted, never evaluated.
 */
export function renderCompletion(shell: CompletionShell, table: CompletionTable): string {
  switch (shell) {
    case "bash":
      return renderBash(table);
    case "zsh":
      return renderZsh(table);
    case "fish":
      return renderFish(table);
    default:
      return assertNever(shell);
  }
}
