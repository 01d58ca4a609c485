import type { Notice } from "../core/change.js";
import { type RelPath, ROOT_PATH } from "../core/path.js";
import type { Level } from "../core/risk.js";
import type { LimitReport, Outcome } from "../core/sandbox-spec.js";
import { padEnd, widestOf } from "./display-width.js";
import type { Moves } from "./moves.js";
import { foldMoves } from "./fold-moves.js";
import { type FoldedTree, foldTrees } from "./fold-trees.js";
import { formatBytes, formatCount } from "./format-units.js";
import { type ReviewedChange, toListed } from "./listed-changes.js";
import { toMovedAway } from "./moved-paths.js";
import { neutralise } from "./neutralise.js";
import { type Palette, toPalette } from "./palette.js";
import { countStats, rankChanges } from "./rank-changes.js";
import { renderGit, type ShownGit } from "./render-git.js";
import { renderOutcome } from "./render-outcome.js";
import { toShownPath } from "./shown-path.js";

/** What a person is told after a run. */
export interface Summary {
  readonly session: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly workspaces: readonly string[];
  readonly items: readonly ReviewedChange[];
  readonly moves?: Moves;
  readonly git?: readonly ShownGit[];
  readonly notices: readonly Notice[];
  readonly limits?: readonly LimitReport[];
  /** Without what to do next: something is about to be done. */
  readonly isHintless?: boolean;
}

/** Notices that are told: a task can make thousands of sockets, and must not push the rest off the screen. */
const MOST_NOTICES = 20;
/** Changes of medium risk that are named; those of high risk and deletions are named always. */
const MOST_MEDIUM = 40;
const WIDEST_PATH = 50;

/**
 * The summary of cli.md: exit and time, counts, risky changes by name with the reason, deletions
 * never truncated, ignored trees folded, then what to do next.
 */
export function renderSummary(summary: Summary, o: { readonly colour: boolean }): string {
  const palette = toPalette(o.colour);
  const folded = new Set((summary.git ?? []).flatMap(({ data }) => data));
  const { shown, trees } = foldTrees(summary.items.filter((item) => !folded.has(item)));
  const listed = toListed(shown);
  const moves = toSeenMoves(summary.moves ?? new Map(), listed);
  const away = toMovedAway(moves);
  const sections = [
    [
      renderOutcome(summary.outcome, { ...o, durationMs: summary.durationMs }),
      ...renderReached(summary),
      renderCounts(summary.items),
    ],
    renderRisks(listed, summary.workspaces, palette),
    renderMoves(moves, summary.workspaces, palette),
    renderDeletions(
      listed.filter(({ change }) => !away.has(change)),
      summary.workspaces,
      palette,
    ),
    renderTrees(trees, summary.workspaces),
    ...(summary.git ?? []).map((git) => renderGit(git, summary.workspaces)),
    renderNotices(summary, palette),
    summary.isHintless === true || summary.items.length === 0 ? [] : toNext(summary, palette),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${line}\n`).join(""))
    .join("\n");
}

/** Where the task itself was ended at a limit, that is told of its end already. */
function renderReached({ limits = [], outcome }: Summary): readonly string[] {
  if (outcome.outcome === "interrupted") return [];
  return limits.flatMap(({ limit, kills }) =>
    kills === undefined
      ? []
      : [`${limit} limit reached: ${formatCount(kills, "process", "processes")} killed at it`],
  );
}

function renderCounts(items: readonly ReviewedChange[]): string {
  if (items.length === 0) return "nothing changed";
  const { added, modified, deleted, bytes } = countStats(items);
  return `${added} added, ${modified} modified, ${deleted} deleted (${formatBytes(bytes)} new or changed)`;
}

function renderRisks(
  items: readonly ReviewedChange[],
  workspaces: readonly string[],
  palette: Palette,
): readonly string[] {
  const risky = rankChanges(items.filter(isRisky));
  const medium = risky.filter((item) => item.risks[0]?.level === "medium").length;
  const named = risky.slice(0, risky.length - Math.max(0, medium - MOST_MEDIUM));
  if (named.length === 0) return [];
  const paths = named.map((item) => toShownPath(item.change, workspaces));
  const width = Math.min(WIDEST_PATH, widestOf(paths));
  const lines = named.map((item, at) => {
    const level = item.risks[0]?.level ?? "low";
    const reasons = item.risks.filter((risk) => risk.level !== "low").map((risk) => risk.reason);
    const path = padEnd(paths[at] ?? "", width);
    return `  ${paintLevel(level, palette)}  ${path}  ${palette.dim(neutralise(reasons.join("; ")))}`;
  });
  const hidden = risky.length - named.length;
  const more = hidden > 0 ? [`  … and ${formatCount(hidden, "more change")} of medium risk`] : [];
  return [palette.bold("Look at these first"), ...lines, ...more];
}

function isRisky(item: ReviewedChange): boolean {
  return item.risks.some((risk) => risk.level !== "low");
}

function paintLevel(level: Level, palette: Palette): string {
  return level === "high" ? palette.red(padEnd(level, 6)) : palette.yellow(padEnd(level, 6));
}

/** Moves out of what is named one by one; what is folded away as a tree is said there. */
function toSeenMoves(moves: Moves, listed: readonly ReviewedChange[]): Moves {
  const seen = new Set(listed.map(({ change }) => change));
  return new Map([...moves].filter(([, { from }]) => seen.has(from)));
}

function renderMoves(
  moves: Moves,
  workspaces: readonly string[],
  palette: Palette,
): readonly string[] {
  const folded = foldMoves(moves);
  if (folded.length === 0) return [];
  const files = folded.reduce((sum, move) => sum + move.files, 0);
  const lines = folded.map((move) => {
    const slash = move.files > 1 ? "/" : "";
    const end = (path: RelPath): string =>
      `${toShownPath({ workspace: move.workspace, path }, workspaces)}${slash}`;
    const how = move.files > 1 ? formatCount(move.files, "file") : `${move.similarity}%`;
    return `  ${palette.cyan(`${end(move.from)} → ${end(move.to)}`)}  ${palette.dim(how)}`;
  });
  return [palette.bold(`Moved (${files})`), ...lines];
}

function renderDeletions(
  items: readonly ReviewedChange[],
  workspaces: readonly string[],
  palette: Palette,
): readonly string[] {
  const deleted = items.filter((item) => item.change.kind === "delete");
  if (deleted.length === 0) return [];
  const lines = deleted.map((item) => palette.red(`  - ${toShownPath(item.change, workspaces)}`));
  return [palette.bold(`Deleted (${deleted.length})`), ...lines];
}

function renderTrees(
  trees: readonly FoldedTree[],
  workspaces: readonly string[],
): readonly string[] {
  return trees.map((tree) => {
    const path = toShownPath(tree, workspaces) + (tree.isDirectory ? "/" : "");
    const { deleted, bytes } = countStats(tree.items);
    const files = formatCount(tree.items.length, "change");
    const gone = deleted > 0 ? `, ${deleted} of them deletions` : "";
    const why = tree.ignored ? "ignored by git" : "installed or made by tools";
    return `  ${path}  ${files}, ${formatBytes(bytes)}${gone}, ${why}`;
  });
}

function renderNotices(summary: Summary, palette: Palette): readonly string[] {
  const shown = summary.notices.slice(0, MOST_NOTICES);
  const hidden = summary.notices.length - shown.length;
  const lines = shown.map(
    (notice) =>
      `${palette.yellow("note")}  ${toShownPath(notice, summary.workspaces)}: ${neutralise(notice.text)}`,
  );
  return hidden > 0 ? [...lines, `${palette.yellow("note")}  … and ${hidden} more`] : lines;
}

/** What can be done next about a session's changes, a line each. */
export function renderNext(
  of: Pick<Summary, "session" | "workspaces">,
  o: { readonly colour: boolean },
): string {
  return toNext(of, toPalette(o.colour))
    .map((line) => `${line}\n`)
    .join("");
}

function toNext(
  { session, workspaces }: Pick<Summary, "session" | "workspaces">,
  palette: Palette,
): readonly string[] {
  const one = toShownPath({ workspace: 0, path: ROOT_PATH }, workspaces, "full");
  return [
    `  ${palette.cyan(`sandbox diff ${session}`)}     see what changed`,
    `  ${palette.cyan(`sandbox commit ${session}`)}   apply it to ${workspaces.length === 1 ? one : "the workspaces"}`,
    `  ${palette.cyan(`sandbox discard ${session}`)}  drop it`,
  ];
}
