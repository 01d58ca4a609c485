import type { Level } from "../../core/risk.js";
import { hasHiddenCharacter, neutralise, neutraliseName } from "../neutralise.js";
import { type Finding, findFindings } from "./find-findings.js";
import { describeVerdict, type RunReport, toReportPath } from "./run-report.js";

/** GitHub shows ten of each kind for a step (docs.github.com, "Workflow commands", and its limits of annotations). */
const MOST_OF_EACH = 10;
const COMMANDS: Readonly<Record<Level, string>> = {
  high: "error",
  medium: "warning",
  low: "notice",
};

/**
 * GitHub's workflow commands, a line each, for the worst findings of each level: at most ten errors, ten warnings and ten notices. A run that failed
 * is the first error. Nothing of a name or reason can end the command, or begin another.
 */
export function renderAnnotations(report: RunReport): readonly string[] {
  const { findings } = findFindings(report);
  const failed =
    report.verdict === "passed"
      ? []
      : [renderCommand("error", { title: "sandbox" }, describeVerdict(report))];
  const of = (level: Level): readonly Finding[] => findings.filter((one) => one.level === level);
  return [
    ...failed,
    ...of("high").slice(0, MOST_OF_EACH - failed.length),
    ...of("medium").slice(0, MOST_OF_EACH),
    ...of("low").slice(0, MOST_OF_EACH),
  ].map((one) => (typeof one === "string" ? one : renderFinding(report, one)));
}

function renderFinding(report: RunReport, finding: Finding): string {
  const { rule, level, reason, isRefused } = finding;
  const path = toReportPath(report, finding);
  // A name that shows as what it is not is told in the message only, where it is made visible.
  const file = hasHiddenCharacter(path) ? {} : { file: path, line: "1" };
  const fate = isRefused ? "; not committed" : "";
  return renderCommand(
    COMMANDS[level],
    { ...file, title: `sandbox: ${rule}` },
    `${neutraliseName(path)}: ${neutralise(reason)}${fate}`,
  );
}

/** `::NAME KEY=VALUE,…::MESSAGE`, escaped as the toolkit's `issueCommand` does. */
function renderCommand(
  name: string,
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${list.join(",")}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.toWellFormed().replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
