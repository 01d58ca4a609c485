import { decodeName } from "../core/path.js";
import { fromByteLines } from "./byte-lines.js";
import type { MergePiece } from "./merge-lines.js";
import { neutraliseContent } from "./neutralise.js";
import { toPalette } from "./palette.js";

/** Both sides of a place that the host and the task changed differently, for a person. */
export function renderMergeConflict(
  piece: Extract<MergePiece, { kind: "conflict" }>,
  o: { readonly colour: boolean },
): string {
  const palette = toPalette(o.colour);
  const show = (lines: readonly string[], paint: (text: string) => string): readonly string[] =>
    lines.map((line) => paint(`  ${toShown(line)}`));
  return [
    palette.cyan("<<<<<<< yours"),
    ...show(piece.ours, palette.red),
    palette.cyan("======="),
    ...show(piece.theirs, palette.green),
    palette.cyan(">>>>>>> the task's"),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** Bytes that are not UTF-8 show as such. */
function toShown(line: string): string {
  return neutraliseContent(decodeName(fromByteLines([line.replace(/\r?\n$/, "")])));
}
