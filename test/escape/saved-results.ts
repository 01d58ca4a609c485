import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Column } from "./column.js";
import type { Cell } from "./run-column.js";

/** Results of whole columns, by the column's id. */
export type SavedResults = Readonly<Record<string, Readonly<Record<string, Cell>>>>;

/** Keeps a column's results for the scorecard where `SANDBOX_ESCAPE_RESULTS` names a directory. */
export function saveColumn(column: Column, cells: ReadonlyMap<string, Cell>): void {
  const dir = process.env["SANDBOX_ESCAPE_RESULTS"];
  if (dir === undefined) return;
  mkdirSync(dir, { recursive: true });
  writeFileSync(path.join(dir, `${column.id}.json`), JSON.stringify(Object.fromEntries(cells)));
}

/** What `saveColumn` kept in `dir`. */
export function readResults(dir: string): SavedResults {
  const files = readdirSync(dir).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    files.map((name) => [
      path.parse(name).name,
      JSON.parse(readFileSync(path.join(dir, name), "utf8")) as Readonly<Record<string, Cell>>,
    ]),
  );
}
