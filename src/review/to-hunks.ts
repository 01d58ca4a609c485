import type { LineRun } from "./line-runs.js";

/** One line of a hunk, without its newline. */
export interface HunkLine {
  readonly kind: "context" | "delete" | "add";
  readonly text: string;
  /** The file ends here without a newline. */
  readonly noNewline?: true;
}

/** A stretch of changed lines with what stands around them. Line numbers begin at 1. */
export interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** The nearest line before the hunk that begins with a letter, `_` or `$`, as git shows it. */
  readonly section: string;
  readonly lines: readonly HunkLine[];
}

const CONTEXT = 3;
const SECTION_LENGTH = 80;
const SECTION_SEARCH = 2000;

/** Lines of the old text that one edit replaces by lines of the new; indices from 0, ends exclusive. */
export interface Block {
  readonly oldFrom: number;
  readonly newFrom: number;
  readonly oldTo: number;
  readonly newTo: number;
}

/** The unified hunks of a comparison, with three lines of context, as git forms them. */
export function toHunks(
  runs: readonly LineRun[],
  before: readonly string[],
  after: readonly string[],
): readonly Hunk[] {
  return groupBlocks(runs).map((blocks) => toHunk(blocks, before, after));
}

/** The edits of each hunk of `toHunks`. */
export function groupBlocks(runs: readonly LineRun[]): readonly (readonly Block[])[] {
  const groups: Block[][] = [];
  for (const block of toBlocks(runs)) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && block.oldFrom - last.oldTo <= 2 * CONTEXT) groups.at(-1)?.push(block);
    else groups.push([block]);
  }
  return groups;
}

function toBlocks(runs: readonly LineRun[]): readonly Block[] {
  const blocks: Block[] = [];
  let oldAt = 0;
  let newAt = 0;
  for (const { kind, count } of runs) {
    const from = { oldFrom: oldAt, newFrom: newAt };
    if (kind !== "add") oldAt += count;
    if (kind !== "delete") newAt += count;
    if (kind === "context") continue;
    const last = blocks.at(-1);
    const touches = last?.oldTo === from.oldFrom && last.newTo === from.newFrom;
    const start = touches ? blocks.pop() : from;
    blocks.push({ ...from, ...start, oldTo: oldAt, newTo: newAt });
  }
  return blocks;
}

/** One hunk of neighbouring edits. */
export function toHunk(
  blocks: readonly Block[],
  before: readonly string[],
  after: readonly string[],
): Hunk {
  const first = blocks[0];
  const last = blocks.at(-1);
  if (first === undefined || last === undefined) throw new Error("a hunk has a changed line");
  const lead = Math.min(CONTEXT, first.oldFrom);
  const oldTo = Math.min(before.length, last.oldTo + CONTEXT);
  const lines: HunkLine[] = [];
  let at = first.oldFrom - lead;
  for (const block of blocks) {
    pushLines(lines, "context", before.slice(at, block.oldFrom));
    pushLines(lines, "delete", before.slice(block.oldFrom, block.oldTo));
    pushLines(lines, "add", after.slice(block.newFrom, block.newTo));
    at = block.oldTo;
  }
  pushLines(lines, "context", before.slice(at, oldTo));
  const oldLines = oldTo - first.oldFrom + lead;
  const newLines = last.newTo + (oldTo - last.oldTo) - first.newFrom + lead;
  return {
    // diff(1): an empty side is named by the line before it.
    oldStart: first.oldFrom - lead + (oldLines === 0 ? 0 : 1),
    oldLines,
    newStart: first.newFrom - lead + (newLines === 0 ? 0 : 1),
    newLines,
    section: findSection(before, first.oldFrom - lead),
    lines,
  };
}

function pushLines(to: HunkLine[], kind: HunkLine["kind"], lines: readonly string[]): void {
  for (const line of lines) {
    if (line.endsWith("\n")) to.push({ kind, text: line.slice(0, -1) });
    else to.push({ kind, text: line, noNewline: true });
  }
}

function findSection(lines: readonly string[], before: number): string {
  for (let at = before - 1; at >= Math.max(0, before - SECTION_SEARCH); at--) {
    const line = lines[at] ?? "";
    if (/^[A-Za-z_$]/.test(line)) return line.slice(0, SECTION_LENGTH).trimEnd();
  }
  return "";
}
