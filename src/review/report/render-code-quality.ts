import type { Level } from "../../core/risk.js";
import { neutralise, neutraliseName } from "../neutralise.js";
import { type Finding, findFindings } from "./find-findings.js";
import { toFingerprint } from "./render-sarif.js";
import { describeVerdict, type RunReport, toReportPath } from "./run-report.js";

const SEVERITIES: Readonly<Record<Level, string>> = {
  high: "critical",
  medium: "major",
  low: "info",
};

/**
 * The findings in GitLab's Code Quality form (docs.gitlab.com, "Code Quality report format"), the worst first: it shows them in a merge
 * request. A run that failed is one more, without a file of its own.
 */
export function renderCodeQuality(report: RunReport): string {
  const { findings } = findFindings(report);
  const failed = report.verdict === "passed" ? [] : [toFailure(report)];
  const issues = [...failed, ...findings.map((finding) => toIssue(report, finding))];
  return `${JSON.stringify(issues, null, 2)}\n`;
}

function toFailure(report: RunReport): object {
  return {
    description: describeVerdict(report),
    check_name: `sandbox/${report.verdict}`,
    fingerprint: toFingerprint(report.verdict, "."),
    severity: "blocker",
    location: { path: ".", lines: { begin: 1 } },
  };
}

function toIssue(report: RunReport, finding: Finding): object {
  const { rule, level, reason, isRefused } = finding;
  const path = toReportPath(report, finding);
  const fate = isRefused ? "; not committed" : "";
  return {
    description: `${neutraliseName(path)}: ${neutralise(reason)}${fate}`,
    check_name: `sandbox/${rule}`,
    fingerprint: toFingerprint(rule, path),
    severity: isRefused && level === "high" ? "blocker" : SEVERITIES[level],
    location: { path: path.toWellFormed(), lines: { begin: 1 } },
  };
}
