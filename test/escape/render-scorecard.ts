import type { Attack } from "./attack.js";
import type { Column } from "./column.js";

/** What the scorecard says of one attack in one column. */
export interface Mark {
  readonly mark: "stopped" | "not stopped" | "not applicable";
  /** Why, where it is not stopped or not applicable. */
  readonly reason: string | undefined;
}

/** What is rendered. */
export interface ScorecardInput {
  readonly attacks: readonly Attack[];
  readonly columns: readonly Column[];
  readonly markOf: (attack: Attack, column: Column) => Mark;
}

const ROWS: Readonly<Record<Attack["row"], string>> = {
  22: "Reading or writing outside the workspaces",
  23: "Secrets",
  24: "The controller",
  25: "Exhaustion",
  26: "Policy",
};

const HEAD = `# Escape scorecard

What a task tries in order to get out, and what came of it on each engine and runtime, started by root and by a plain user.
Made by \`npm run test:escape\`, which runs every attack for real; the file changes only when a result does.

- **stopped**: the attack got nowhere, and in the same run the same program got through where it is allowed: outside on the host, as
  root of a namespace there, or inside at something allowed. An attack that is merely broken fails the run.
  Where the host's kernel lacks a thing, that the same program can make an allowed call inside is all there is to show.
- **not stopped**: it got through. Each has its reason; a run in which it is stopped after all fails too.
- **n/a**: it says nothing there, for the reason given.

The numbers are the rows of the threat list that the attacks belong to. The programs are in \`test/escape/programs\`, the table
in \`test/escape/attacks-*.ts\`.
`;

/** The scorecard as Markdown, without its last line, which says on what it was made. */
export function renderScorecard({ attacks, columns, markOf }: ScorecardInput): string {
  const notes: string[] = [];
  const cell = (attack: Attack, column: Column): string => {
    const { mark, reason } = markOf(attack, column);
    const text = mark === "not applicable" ? "n/a" : mark === "stopped" ? mark : `**${mark}**`;
    return reason === undefined ? text : `${text}<sup>${toNote(notes, reason)}</sup>`;
  };
  const titles = columns.map(
    ({ engine, runtime, daemon, who }) =>
      `${daemon === "remote" ? "remote " : ""}${engine} × ${runtime}, ${who}`,
  );
  const sections = Object.entries(ROWS).map(([row, title]) => {
    const lines = attacks
      .filter((attack) => attack.row === Number(row))
      .map((attack) => toLine([attack.title, ...columns.map((column) => cell(attack, column))]));
    const head = toLine(["the task tries to", ...titles]);
    return `## ${row}. ${title}\n\n${head}\n${toLine(["---", ...columns.map(() => "---")])}\n${lines.join("\n")}\n`;
  });
  const reasons = notes.map((reason, index) => `${index + 1}. ${reason}`).join("\n");
  const footer = notes.length === 0 ? "" : `\n## Notes\n\n${reasons}\n`;
  return `${HEAD}\n${sections.join("\n")}${footer}`;
}

/** The number of a reason; the same reason has one number. */
function toNote(notes: string[], reason: string): number {
  if (!notes.includes(reason)) notes.push(reason);
  return notes.indexOf(reason) + 1;
}

function toLine(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
