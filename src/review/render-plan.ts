import type { RelPath } from "../core/path.js";
import { neutralise } from "./neutralise.js";
import { type Palette, toPalette } from "./palette.js";
import { toShownPath } from "./shown-path.js";

/** One step of a plan, or what stands in its way. */
export interface PlanStep {
  readonly workspace: number;
  readonly path: RelPath;
  readonly action:
    | "add"
    | "change"
    | "delete"
    | "conflict"
    | "denied"
    | "unrestorable"
    | "unchanged";
  /** Beside the path: a risk, the reason of a conflict. */
  readonly note?: string;
}

/** What a commit or a rollback would do. */
export interface Plan {
  readonly title: string;
  readonly workspaces: readonly string[];
  readonly steps: readonly PlanStep[];
}

const MARKS: Readonly<Record<PlanStep["action"], string>> = {
  add: "+",
  change: "~",
  delete: "-",
  conflict: "!",
  denied: "✗",
  unrestorable: "?",
  unchanged: "=",
};

/** A plan in the manner of `terraform plan`: a mark and a path each, then the counts. */
export function renderPlan(plan: Plan, o: { readonly colour: boolean }): string {
  const palette = toPalette(o.colour);
  const lines = plan.steps.map((step) => renderStep(step, plan.workspaces, palette));
  return [palette.bold(neutralise(plan.title)), ...lines, "", renderCounts(plan.steps)]
    .map((line) => `${line}\n`)
    .join("");
}

function renderStep(step: PlanStep, workspaces: readonly string[], palette: Palette): string {
  const note = step.note === undefined ? "" : palette.dim(`  ${neutralise(step.note)}`);
  const line = `${MARKS[step.action]} ${toShownPath(step, workspaces)}`;
  return `  ${paint(step.action, line, palette)}${note}`;
}

function paint(action: PlanStep["action"], line: string, palette: Palette): string {
  if (action === "add") return palette.green(line);
  if (action === "unchanged") return palette.dim(line);
  return action === "change" ? palette.yellow(line) : palette.red(line);
}

function renderCounts(steps: readonly PlanStep[]): string {
  const count = (action: PlanStep["action"]): number =>
    steps.filter((step) => step.action === action).length;
  const parts = [
    `${count("add")} to add`,
    `${count("change")} to change`,
    `${count("delete")} to delete`,
  ];
  if (count("conflict") > 0) parts.push(`${count("conflict")} in conflict`);
  if (count("unchanged") > 0) parts.push(`${count("unchanged")} as before already`);
  if (count("denied") > 0) parts.push(`${count("denied")} denied`);
  if (count("unrestorable") > 0) parts.push(`${count("unrestorable")} that cannot be restored`);
  return `Plan: ${parts.join(", ")}.`;
}
