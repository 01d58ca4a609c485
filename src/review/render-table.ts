import { padEnd, padStart, truncateEnd, widestOf } from "./display-width.js";
import { neutralise } from "./neutralise.js";
import { toPalette } from "./palette.js";

/** One column: its title, and where numbers stand. */
export interface TableColumn {
  readonly title: string;
  readonly align?: "right";
}

const GAP = "  ";

/**
 * Rows under their titles, aligned. Cells are neutralised here. With `width` the last column is cut
 * to fit a terminal; without it nothing is cut.
 */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  o: { readonly colour: boolean; readonly width?: number },
): string {
  const palette = toPalette(o.colour);
  const cells = rows.map((row) => columns.map((_, at) => neutralise(row[at] ?? "")));
  const widths = columns.map((column, at) =>
    widestOf([column.title, ...cells.map((row) => row[at] ?? "")]),
  );
  const room = o.width === undefined ? undefined : toLastWidth(widths, o.width);
  const render = (row: readonly string[]): string => {
    const texts = columns.map((column, at) => {
      const isLast = at === columns.length - 1;
      return renderCell(row[at] ?? "", { column, width: widths[at] ?? 0, ...(isLast && { room }) });
    });
    return texts.join(GAP).trimEnd();
  };
  const head = palette.dim(render(columns.map((column) => column.title)));
  return [head, ...cells.map(render)].map((line) => `${line}\n`).join("");
}

function toLastWidth(widths: readonly number[], total: number): number {
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  return Math.max(10, total - others);
}

function renderCell(
  cell: string,
  o: { readonly column: TableColumn; readonly width: number; readonly room?: number | undefined },
): string {
  const text = o.room === undefined ? cell : truncateEnd(cell, o.room);
  return o.column.align === "right" ? padStart(text, o.width) : padEnd(text, o.width);
}
