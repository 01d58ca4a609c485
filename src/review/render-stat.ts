import type { Change } from "../core/change.js";
import { displayWidth, padEnd, padStart, widestOf } from "./display-width.js";
import type { FileDiff } from "./file-diff.js";
import { quoteGitPath } from "./git-quote.js";
import { toListed } from "./listed-changes.js";
import { toMoveName } from "./moved-paths.js";
import { type Palette, toPalette } from "./palette.js";

interface StatRow {
  readonly change: Change;
  readonly name: string;
  readonly added: number;
  readonly deleted: number;
  /** What stands instead of the bar: `Bin 0 -> 12 bytes`. */
  readonly note?: string;
}

interface Columns {
  readonly name: number;
  readonly number: number;
  readonly graph: number;
  readonly most: number;
}

/**
 * A bar for each change and the totals, laid out as `git diff --stat` does it (diff.c, show_stats).
 * Of each file only the counts are kept: give a generator, and one difference is in memory at a time.
 */
export function renderStat(
  files: Iterable<FileDiff>,
  o: { readonly colour: boolean; readonly width: number },
): string {
  const counted: StatRow[] = [];
  const away = new Set<Change>();
  for (const file of files) {
    counted.push(toRow(file));
    if (file.origin?.kind === "move") away.add(file.origin.from);
  }
  const rows = toListed(counted).filter(({ change }) => !away.has(change));
  if (rows.length === 0) return "";
  const columns = toColumns(rows, o.width);
  const palette = toPalette(o.colour);
  const lines = rows.map((row) => renderRow(row, columns, palette));
  return [...lines, renderTotals(rows)].map((line) => `${line}\n`).join("");
}

function toRow(file: FileDiff): StatRow {
  const path = file.change.path === "" ? "." : file.change.path;
  const isDirectory = (file.change.after ?? file.change.before)?.type === "dir";
  const own = quoteGitPath(isDirectory ? `${path}/` : path);
  const name = file.origin === undefined ? own : toMoveShown(file.origin.from.path, path);
  const row = { change: file.change, name, added: 0, deleted: 0 };
  for (const { before, after, diff } of file.parts) {
    if (diff.kind !== "text") {
      const note = `Bin ${before?.size ?? 0} -> ${after?.size ?? 0} bytes`;
      return { ...row, note };
    }
    row.added += diff.added;
    row.deleted += diff.deleted;
  }
  return row;
}

/** Names that have to be quoted are written in full, as git does it. */
function toMoveShown(from: string, to: string): string {
  const quoted = [quoteGitPath(from), quoteGitPath(to)] as const;
  const isPlain = quoted[0] === from && quoted[1] === to;
  return isPlain ? toMoveName(from, to) : `${quoted[0]} => ${quoted[1]}`;
}

function toColumns(rows: readonly StatRow[], terminalWidth: number): Columns {
  const most = rows.reduce((most, row) => Math.max(most, row.added + row.deleted), 0);
  const hasNote = rows.some((row) => row.note !== undefined);
  const number = Math.max(String(most).length, hasNote ? 3 : 0);
  const longestNote = widestOf(rows.map((row) => row.note ?? ""));
  const width = Math.max(terminalWidth, 16 + 6 + number);
  let graph = Math.max(most, longestNote - 4);
  let name = widestOf(rows.map((row) => row.name));
  if (name + number + 6 + graph > width) {
    const share = Math.floor((width * 3) / 8) - number - 6;
    if (graph > share) graph = Math.max(6, share);
    if (name > width - number - 6 - graph) name = width - number - 6 - graph;
    else graph = width - number - 6 - name;
  }
  return { name, number, graph, most };
}

function renderRow(row: StatRow, columns: Columns, palette: Palette): string {
  const name = padEnd(shorten(row.name, columns.name), columns.name);
  if (row.note !== undefined) {
    return ` ${name} | ${padStart("Bin", columns.number)}${row.note.slice(3)}`;
  }
  const total = row.added + row.deleted;
  const { added, deleted } = scale(row, columns);
  const bar = palette.green("+".repeat(added)) + palette.red("-".repeat(deleted));
  return ` ${name} | ${padStart(String(total), columns.number)}${total > 0 ? ` ${bar}` : ""}`;
}

/** The end of a long path, from a directory's border where one is near. */
function shorten(name: string, width: number): string {
  if (displayWidth(name) <= width) return name;
  const characters = Array.from(name);
  while (characters.length > 0 && displayWidth(characters.join("")) > width - 3) characters.shift();
  const end = characters.join("");
  const slash = end.indexOf("/");
  return `...${slash < 0 ? end : end.slice(slash)}`;
}

function scale(row: StatRow, columns: Columns): { added: number; deleted: number } {
  const { added, deleted } = row;
  if (columns.graph > columns.most) return { added, deleted };
  const toBar = (count: number): number =>
    count === 0 ? 0 : 1 + Math.floor((count * (columns.graph - 1)) / columns.most);
  const least = added > 0 && deleted > 0 ? 2 : 0;
  const total = Math.max(toBar(added + deleted), least);
  if (added < deleted) return { added: toBar(added), deleted: total - toBar(added) };
  return { added: total - toBar(deleted), deleted: toBar(deleted) };
}

function renderTotals(rows: readonly StatRow[]): string {
  const added = rows.reduce((sum, row) => sum + row.added, 0);
  const deleted = rows.reduce((sum, row) => sum + row.deleted, 0);
  const parts = [` ${rows.length} ${rows.length === 1 ? "file" : "files"} changed`];
  if (added > 0 || deleted === 0) parts.push(`${added} insertion${added === 1 ? "" : "s"}(+)`);
  if (deleted > 0 || added === 0) parts.push(`${deleted} deletion${deleted === 1 ? "" : "s"}(-)`);
  return parts.join(", ");
}
