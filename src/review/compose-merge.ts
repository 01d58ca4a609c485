import type { ConflictChoice } from "../core/saved-decision.js";
import { fromByteLines } from "./byte-lines.js";
import type { MergePiece } from "./merge-lines.js";

/**
 * The content of a merge. `choose` settles each conflict by its number, from 0; undefined where it leaves one unsettled. A last line
 * without newline never gets another behind it.
 */
export function composeMerge(
  pieces: readonly MergePiece[],
  choose: (conflict: number) => ConflictChoice | undefined,
): Uint8Array | undefined {
  const out: string[] = [];
  const end = findLineEnd(pieces);
  let conflict = 0;
  for (const piece of pieces) {
    if (piece.kind === "settled") {
      out.push(...piece.lines);
      continue;
    }
    const choice = choose(conflict);
    conflict += 1;
    if (choice === undefined) return undefined;
    out.push(...(choice === "markers" ? toMarked(piece, end) : piece[choice]));
  }
  return fromByteLines(
    out.map((line, index) => (index < out.length - 1 ? ended(line, end) : line)),
  );
}

/** How many conflicts a merge has. */
export function countConflicts(pieces: readonly MergePiece[]): number {
  return pieces.filter((piece) => piece.kind === "conflict").length;
}

/** How the first line that has an end ends. */
function findLineEnd(pieces: readonly MergePiece[]): string {
  for (const piece of pieces) {
    const lines = piece.kind === "settled" ? piece.lines : [...piece.ours, ...piece.theirs];
    const ended = lines.find((line) => line.endsWith("\n"));
    if (ended !== undefined) return ended.endsWith("\r\n") ? "\r\n" : "\n";
  }
  return "\n";
}

/** Both sides between git's conflict markers. */
function toMarked(
  piece: Extract<MergePiece, { kind: "conflict" }>,
  end: string,
): readonly string[] {
  return [
    ...[`<<<<<<< workspace${end}`, ...piece.ours.map((line) => ended(line, end))],
    ...[`=======${end}`, ...piece.theirs.map((line) => ended(line, end))],
    `>>>>>>> task${end}`,
  ];
}

function ended(line: string, end: string): string {
  return line.endsWith("\n") ? line : `${line}${end}`;
}
