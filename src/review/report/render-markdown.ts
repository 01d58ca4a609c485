import { formatBytes, formatDuration } from "../format-units.js";
import { neutralise, neutraliseContent, neutraliseName } from "../neutralise.js";
import { countStats } from "../rank-changes.js";
import { findFindings } from "./find-findings.js";
import {
  describeCommit,
  describeVerdict,
  outcomeOf,
  type RunReport,
  toReportPath,
} from "./run-report.js";

/** GitHub takes 1 MiB of summary for a step, and nothing of a longer one. */
const MOST_BYTES = 1000 * 1024;
const TITLES = {
  passed: "passed",
  "task-failed": "the task failed",
  "timed-out": "timed out",
  denied: "denied",
  conflict: "conflict",
  "not-run": "nothing ran",
  error: "error",
} as const;

/**
 * The report as a summary in Markdown (GitHub's and GitLab's): how it ended, what to look at, the worst first, lines added and removed, and the details
 * folded. `most` is the room there is, in bytes. Whatever comes from a sandbox is in character references: it is text, whatever it looks like.
 */
export function renderMarkdown(report: RunReport, most = MOST_BYTES): string {
  const room = { left: Math.min(most, MOST_BYTES) - RESERVE };
  const head = [
    `### sandbox: ${TITLES[report.verdict]}`,
    "",
    ...renderTable(["", ""], toFacts(report), room),
    ...renderProblem(report, room),
  ];
  return [
    ...head,
    ...renderFindings(report, room),
    ...renderRefused(report, room),
    ...renderDiffstat(report, room),
    ...renderChanges(report, room),
    ...renderLimits(report, room),
    "",
  ].join("\n");
}

/** For headings and what says that something is left out. */
const RESERVE = 4096;

interface Room {
  left: number;
}

function toFacts(report: RunReport): readonly (readonly string[])[] {
  const { task, command } = report;
  const ran = [
    ["Task", code(neutralise(command.join(" ")))],
    ["Result", toText(describeVerdict(report))],
  ];
  if (task === undefined) return ran;
  const { added, modified, deleted, bytes } = countStats(report.items);
  return [
    ...ran,
    ["Ended", toText(outcomeOf(task))],
    ["Session", code(task.session)],
    [
      "Changes",
      `${added} added, ${modified} modified, ${deleted} deleted (${toText(formatBytes(bytes))} new or changed)`,
    ],
    ["Commit", toText(describeCommit(report))],
    ["Profile", code(neutralise(task.profile?.name ?? "default"))],
  ];
}

function renderProblem({ problem }: RunReport, room: Room): readonly string[] {
  const lines = [...(problem?.list ?? []), ...(problem?.hint === undefined ? [] : [problem.hint])];
  if (lines.length === 0) return [];
  return [
    "",
    ...renderTable(
      ["Why"],
      lines.map((line) => [toText(neutralise(line))]),
      room,
    ),
  ];
}

function renderFindings(report: RunReport, room: Room): readonly string[] {
  const { findings, leftOut } = findFindings(report);
  if (findings.length === 0) return [];
  const rows = findings.map((finding) => [
    finding.level,
    code(neutraliseName(toReportPath(report, finding))),
    toText(`${finding.rule}: ${neutralise(finding.reason)}`),
    finding.isRefused ? "not committed" : (finding.decision?.decision ?? ""),
  ]);
  const more = leftOut === 0 ? [] : ["", `… and ${leftOut} more`];
  return [
    "",
    "#### Look at these first",
    "",
    ...renderTable(["level", "path", "why", "policy"], rows, room),
    ...more,
  ];
}

function renderRefused({ refused }: RunReport, room: Room): readonly string[] {
  if (refused.length === 0) return [];
  const rows = refused.map(({ place, times, reason }) => [
    code(neutralise(place)),
    String(times),
    toText(neutralise(reason)),
  ]);
  return ["", "#### Not reached", "", ...renderTable(["place", "times", "why"], rows, room)];
}

function renderDiffstat({ diffstat }: RunReport, room: Room): readonly string[] {
  if (diffstat === undefined || diffstat === "") return [];
  const lines = takeWithin(
    neutraliseContent(diffstat)
      .trimEnd()
      .split("\n")
      .filter((line) => line !== "")
      .map(toText),
    room,
  );
  return ["", ...fold("Lines added and removed", ["<pre>", ...lines, "</pre>"])];
}

function renderChanges(report: RunReport, room: Room): readonly string[] {
  const { items } = report;
  if (items.length === 0) return [];
  const rows = items.map(({ change, decision }) => [
    change.kind,
    code(neutraliseName(toReportPath(report, change))),
    toText(formatBytes((change.after ?? change.before)?.size ?? 0)),
    `${decision.decision} ${toText(`(${neutralise(decision.rule)})`)}`,
  ]);
  const table = renderTable(["change", "path", "size", "policy"], rows, room);
  return ["", ...fold(`All changes (${items.length})`, ["", ...table, ""])];
}

function renderLimits({ task }: RunReport, room: Room): readonly string[] {
  if (task === undefined) return [];
  const asked = Object.entries(task.asked).map(([name, value]) => [
    toText(name),
    toAmount(name, value),
    "",
  ]);
  const enforced = task.limits.map(({ limit, by, detail }) => [
    limit,
    by,
    toText(neutralise(detail)),
  ]);
  if (asked.length + enforced.length === 0) return [];
  const table = renderTable(["limit", "value or by", "detail"], [...asked, ...enforced], room);
  return ["", ...fold("Limits", ["", ...table, ""])];
}

function toAmount(name: string, value: unknown): string {
  if (typeof value !== "number") return toText(String(value));
  if (name.endsWith("Bytes")) return toText(formatBytes(value));
  return toText(name.endsWith("Ms") ? formatDuration(value) : String(value));
}

function fold(title: string, lines: readonly string[]): readonly string[] {
  return [`<details><summary>${title}</summary>`, ...lines, "</details>"];
}

function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  room: Room,
): readonly string[] {
  const lines = takeWithin(
    rows.map((cells) => `| ${cells.join(" | ")} |`),
    room,
  );
  return [`| ${head.join(" | ")} |`, `|${" --- |".repeat(head.length)}`, ...lines];
}

/** As many lines as fit; one more says how many do not. */
function takeWithin(lines: readonly string[], room: Room): readonly string[] {
  const taken: string[] = [];
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    if (size > room.left) return [...taken, `| … and ${lines.length - taken.length} more |`];
    room.left -= size;
    taken.push(line);
  }
  return taken;
}

function code(text: string): string {
  return `<code>${toText(text)}</code>`;
}

/**
 * Text that neither Markdown nor HTML sees anything in: a character reference never stands for markup (CommonMark 0.31.2, section 2.5). One line stays
 * one line: what is neutralised has no newline.
 */
function toText(text: string): string {
  return text
    .toWellFormed()
    .replace(
      /[^\p{L}\p{M}\p{N}\p{S} /.,;()'"%?-]|[$+<=>^`|~]/gu,
      (char) => `&#${char.codePointAt(0) ?? 0xfffd};`,
    )
    .replace(/\bwww\./gi, (word) => `${word.slice(0, -1)}&#46;`);
}
