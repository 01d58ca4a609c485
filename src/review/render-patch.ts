import type { DiffPart, FileDiff, State } from "./file-diff.js";
import { quoteGitPath } from "./git-quote.js";
import { neutraliseContent, neutraliseName } from "./neutralise.js";
import { type Palette, toPalette } from "./palette.js";
import { toPatchNotes } from "./patch-notes.js";
import type { Hunk, HunkLine } from "./to-hunks.js";
import { emphasiseWords, type Span } from "./word-emphasis.js";

/** How a patch is written. */
export interface PatchOptions {
  readonly colour: boolean;
  /** A person looks at it: content is neutralised. Else it is exact, for `git apply` and `patch -p1`. */
  readonly terminal: boolean;
  /** Named before each change; give it where a session has several workspaces. */
  readonly workspace?: string;
}

const FILE_TYPE: Partial<Record<State["type"], string>> = { file: "10", symlink: "12" };

/** The patch of one change, in git's format (git-diff(1), "Generating patch text with -p"). */
export function renderPatch(file: FileDiff, options: PatchOptions): string {
  const palette = toPalette(options.colour);
  const where = options.workspace === undefined ? [] : [`in ${neutraliseName(options.workspace)}`];
  const notes = [...where, ...toPatchNotes(file)].map((note) => palette.dim(`# ${note}`));
  const sections = file.parts.flatMap((part) => renderPart(file, part, { ...options, palette }));
  return [...notes, ...sections].map((line) => `${line}\n`).join("");
}

interface Writing extends PatchOptions {
  readonly palette: Palette;
}

/** Directories, FIFOs and the like have no place in a git patch: the notes name them. */
function renderPart(file: FileDiff, part: DiffPart, o: Writing): readonly string[] {
  const type = FILE_TYPE[(part.after ?? part.before)?.type ?? "dir"];
  const modes = type === undefined ? [] : toModeLines(part, type);
  const moved = toMoveLines(file);
  if (type === undefined || (isSame(part) && modes.length + moved.length === 0)) return [];
  const from = quoteGitPath(`a/${(file.origin?.from ?? file.change).path}`);
  const to = quoteGitPath(`b/${file.change.path}`);
  const head = [`diff --git ${toPair(from, to, moved)}`, ...modes, ...moved];
  if (file.origin?.similarity === 100) return head.map(o.palette.bold);
  const oldName = part.before === undefined ? "/dev/null" : from;
  const newName = part.after === undefined ? "/dev/null" : to;
  if (part.diff.kind !== "text")
    return [...head.map(o.palette.bold), `Binary files ${oldName} and ${newName} differ`];
  if (part.diff.hunks.length > 0) head.push(`--- ${end(oldName)}`, `+++ ${end(newName)}`);
  const { hunks, crlf } = part.diff;
  return [...head.map(o.palette.bold), ...hunks.flatMap((hunk) => renderHunk(hunk, crlf, o))];
}

/** Where a file was made out of another one (git-diff(1): extended header lines). */
function toMoveLines({ change, origin }: FileDiff): readonly string[] {
  if (origin === undefined) return [];
  const verb = origin.kind === "move" ? "rename" : "copy";
  return [
    `similarity index ${origin.similarity}%`,
    `${verb} from ${quoteBlank(quoteGitPath(origin.from.path))}`,
    `${verb} to ${quoteBlank(quoteGitPath(change.path))}`,
  ];
}

function toPair(from: string, to: string, moved: readonly string[]): string {
  return moved.length === 0 ? `${from} ${to}` : `${quoteBlank(from)} ${quoteBlank(to)}`;
}

/** Without `---` and `+++` GNU patch finds the names only if those with a blank are quoted; git reads both. */
function quoteBlank(name: string): string {
  return name.includes(" ") && !name.startsWith('"') ? `"${name}"` : name;
}

function isSame({ diff }: DiffPart): boolean {
  return diff.kind === "text" && diff.hunks.length === 0;
}

/** GNU patch needs a tab after a name with a blank in it. */
function end(name: string): string {
  return name.includes(" ") ? `${name}\t` : name;
}

function toModeLines(part: DiffPart, type: string): readonly string[] {
  const toMode = (state: State): string => type + toGitMode(state);
  const { before, after } = part;
  if (before === undefined) return after === undefined ? [] : [`new file mode ${toMode(after)}`];
  if (after === undefined) return [`deleted file mode ${toMode(before)}`];
  if (toMode(before) === toMode(after)) return [];
  return [`old mode ${toMode(before)}`, `new mode ${toMode(after)}`];
}

/** Git writes links as 120000; of a file we show every bit. */
function toGitMode(state: State): string {
  return state.type === "symlink" ? "0000" : state.mode.toString(8).padStart(4, "0");
}

/** One hunk for a person, without the head of its file. */
export function renderSingleHunk(hunk: Hunk, o: { readonly colour: boolean }): string {
  const crlf = hunk.lines.every(({ text }) => text.endsWith("\r"));
  const lines = renderHunk(hunk, crlf, { ...o, terminal: true, palette: toPalette(o.colour) });
  return lines.map((line) => `${line}\n`).join("");
}

function renderHunk(hunk: Hunk, crlf: boolean, o: Writing): readonly string[] {
  const show = o.terminal ? neutraliseContent : (text: string) => text;
  const range = `@@ -${toRange(hunk.oldStart, hunk.oldLines)} +${toRange(hunk.newStart, hunk.newLines)} @@`;
  const section = hunk.section === "" ? "" : ` ${show(hunk.section)}`;
  const words = o.colour ? emphasiseWords(hunk.lines) : new Map<number, readonly Span[]>();
  const out = [o.palette.cyan(range) + section];
  for (const [index, line] of hunk.lines.entries()) {
    const spans = words.get(index) ?? [{ text: line.text, changed: false }];
    const shown = o.terminal && crlf ? dropReturn(spans) : spans;
    out.push(renderLine(line.kind, shown, { ...o, show }));
    if (line.noNewline === true) out.push("\\ No newline at end of file");
  }
  return out;
}

function toRange(start: number, lines: number): string {
  return lines === 1 ? `${start}` : `${start},${lines}`;
}

function dropReturn(spans: readonly Span[]): readonly Span[] {
  return spans.map((span, index) =>
    index === spans.length - 1 ? { ...span, text: span.text.replace(/\r$/, "") } : span,
  );
}

function renderLine(
  kind: HunkLine["kind"],
  spans: readonly Span[],
  o: Writing & { readonly show: (text: string) => string },
): string {
  const { palette } = o;
  const text = spans
    .map(({ text, changed }) => (changed ? palette.inverse(o.show(text)) : o.show(text)))
    .join("");
  if (kind === "context") return ` ${text}`;
  return kind === "add" ? palette.green(`+${text}`) : palette.red(`-${text}`);
}
