import { createHash } from "node:crypto";
import { encodeName } from "../../core/path.js";
import type { Level } from "../../core/risk.js";
import { neutralise, neutraliseName } from "../neutralise.js";
import { FINDING_RULES, type Finding, type FindingRule, findFindings } from "./find-findings.js";
import { describeCommit, describeVerdict, type RunReport, toReportPath } from "./run-report.js";

const LEVELS: Readonly<Record<Level, string>> = { high: "error", medium: "warning", low: "note" };
const RULES = Object.keys(FINDING_RULES).filter(isRule);

/**
 * The report in SARIF 2.1.0 (OASIS Standard, 27 March 2020): rules are ids of risks, results are risky, denied and conflicting changes, the
 * worst first; the invocation says how the run ended.
 */
export function renderSarif(report: RunReport): string {
  const { findings, leftOut } = findFindings(report);
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: toDriver(report) },
        invocations: [toInvocation(report)],
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => toResult(report, finding)),
        properties: toProperties(report, leftOut),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function toDriver({ version }: RunReport): object {
  return {
    name: "sandbox",
    version,
    rules: RULES.map((id) => ({
      id,
      shortDescription: { text: FINDING_RULES[id] },
      defaultConfiguration: { level: "warning" },
    })),
  };
}

function toInvocation(report: RunReport): object {
  const { startedAt, endedAt, exit, command, verdict, problem } = report;
  const said = [
    ...(verdict === "passed" ? [] : [describeVerdict(report)]),
    ...(problem?.list ?? []),
    ...(problem?.hint === undefined ? [] : [problem.hint]),
  ];
  return {
    executionSuccessful: verdict === "passed",
    exitCode: exit,
    arguments: command.map((word) => word.toWellFormed()),
    startTimeUtc: startedAt,
    endTimeUtc: endedAt,
    toolExecutionNotifications: said.map((text) => ({
      level: "error",
      message: { text: toMessage(neutralise(text)) },
    })),
  };
}

function toProperties({ task, commit, verdict }: RunReport, leftOut: number): object {
  return {
    verdict,
    commit,
    ...(leftOut === 0 ? {} : { resultsLeftOut: leftOut }),
    ...(task === undefined
      ? {}
      : {
          ...{ session: task.session, outcome: task.outcome, durationMs: task.durationMs },
          ...{ engine: task.engine, asked: task.asked, limits: task.limits },
          ...(task.runtime === undefined ? {} : { runtime: task.runtime }),
          ...(task.profile === undefined ? {} : { profile: task.profile }),
        }),
  };
}

function toResult(report: RunReport, finding: Finding): object {
  const { rule, level, reason, decision, kind, isRefused } = finding;
  const path = toReportPath(report, finding);
  const said = decision === undefined ? "" : ` (${decision.decision}, ${decision.rule})`;
  const text = `${neutraliseName(path)}: ${neutralise(reason)}${neutralise(said)}; ${describeFate(report, isRefused)}`;
  return {
    ruleId: rule,
    ruleIndex: RULES.indexOf(rule),
    level: LEVELS[level],
    message: { text: toMessage(text) },
    locations: [
      { physicalLocation: { artifactLocation: { uri: toUri(path) }, region: { startLine: 1 } } },
    ],
    partialFingerprints: { "sandboxFinding/v1": toFingerprint(rule, path) },
    properties: {
      ...(kind === undefined ? {} : { change: kind }),
      ...(decision === undefined ? {} : { decision: decision.decision, policyRule: decision.rule }),
    },
  };
}

function describeFate(report: RunReport, isRefused: boolean): string {
  return isRefused ? "not committed" : describeCommit(report);
}

/** The same finding at the same path has the same one in every run. */
export function toFingerprint(rule: string, path: string): string {
  return createHash("sha256").update(`${rule}\0`).update(encodeName(path)).digest("hex");
}

/** Plain text of a message: placeholders and embedded links are escaped (SARIF 2.1.0, 3.11.5 and 3.11.6). */
function toMessage(text: string): string {
  return text.replace(/[\\[\]]/g, "\\$&").replace(/[{}]/g, "$&$&");
}

/** A path's bytes as a relative reference, or as a file URI (RFC 3986, 8089). A colon would make a scheme of what is before it. */
function toUri(path: string): string {
  const bytes = Buffer.from(encodeName(path)).toString("latin1");
  const encoded = bytes.replace(
    /[^A-Za-z0-9\-._~/]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
  return path.startsWith("/") ? `file://${encoded}` : encoded;
}

function isRule(name: string): name is FindingRule {
  return name in FINDING_RULES;
}
