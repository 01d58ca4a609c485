import { neutralise, neutraliseName } from "../neutralise.js";
import { type Finding, findFindings } from "./find-findings.js";
import {
  describeCommit,
  describeVerdict,
  outcomeOf,
  type RunReport,
  toReportPath,
} from "./run-report.js";

/** One test case; `failed` is why. */
interface Case {
  readonly classname: string;
  readonly name: string;
  readonly seconds?: number;
  readonly failed?: {
    readonly kind: "failure" | "error";
    readonly type: string;
    readonly text: string;
  };
}

/** Changes without a risk that are listed as passed. */
const MOST_ALLOWED = 5000;

/**
 * The report as JUnit XML, in the form that both Ant's schema (JUnit.xsd) and Jenkins' (jenkins-junit.xsd) admit: one suite with the task, the commit,
 * and each risk or decision of policy as a case. What was not committed because of it has failed.
 */
export function renderJunit(report: RunReport): string {
  const { findings, leftOut } = findFindings(report);
  const cases = [
    toTaskCase(report),
    ...toCommitCases(report),
    ...findings.map((finding) => toFindingCase(report, finding)),
    ...toAllowedCases(report),
  ];
  const count = (kind: string): number =>
    cases.filter(({ failed }) => failed?.kind === kind).length;
  const counts = `tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}"`;
  const time = toSeconds((report.task?.durationMs ?? 0) / 1000);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `<testsuite id="0" package="sandbox" name="sandbox" hostname="localhost" timestamp="${report.startedAt.slice(0, 19)}" time="${time}" ${counts}>`,
    "<properties>",
    ...toProperties(report).map(
      ([name, value]) => `<property name="${escapeXml(name)}" value="${escapeXml(value)}"/>`,
    ),
    "</properties>",
    ...cases.map(renderCase),
    `<system-out>${escapeXml(toWords(report, leftOut).join("\n"))}</system-out>`,
    "<system-err></system-err>",
    "</testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function toWords(report: RunReport, leftOut: number): readonly string[] {
  return [
    describeVerdict(report),
    ...report.refused.map(({ place, times, reason }) =>
      neutralise(`not reached: ${place} (${times}): ${reason}`),
    ),
    ...(leftOut === 0 ? [] : [`${leftOut} findings are left out`]),
  ];
}

function toProperties({
  task,
  commit,
  verdict,
}: RunReport): readonly (readonly [string, string])[] {
  const asked = task === undefined ? [] : Object.entries(task.asked);
  return [
    ["verdict", verdict],
    ...(commit.state === "done" ? [["commit", commit.commit] as const] : []),
    ...(task === undefined
      ? []
      : ([
          ["session", task.session],
          ["engine", task.engine],
          ["profile", task.profile?.name ?? "default"],
        ] as const)),
    ...asked.map(([name, value]) => [`limit.${name}`, String(value)] as const),
    ...(task?.limits ?? []).map(
      ({ limit, by, detail }) => [`enforced.${limit}`, `${by}: ${detail}`] as const,
    ),
  ];
}

function toTaskCase(report: RunReport): Case {
  const { task, command, verdict, problem } = report;
  const about = {
    classname: "sandbox.task",
    name: neutralise(command.join(" ")),
    seconds: (task?.durationMs ?? 0) / 1000,
  };
  if (task === undefined) {
    const text = neutralise([problem?.message ?? verdict, ...(problem?.list ?? [])].join("; "));
    const kind = verdict === "denied" ? "failure" : "error";
    return { ...about, failed: { kind, type: problem?.code ?? verdict, text } };
  }
  const { outcome } = task;
  if (outcome.outcome === "exited" && outcome.code === 0) return about;
  return { ...about, failed: { kind: "failure", type: outcome.outcome, text: outcomeOf(task) } };
}

function toCommitCases(report: RunReport): readonly Case[] {
  const { commit, problem } = report;
  if (commit.state === "never" || report.task === undefined) return [];
  const about = { classname: "sandbox.commit", name: "commit" };
  if (commit.state !== "refused") return [{ ...about, name: describeCommit(report) }];
  const text = neutralise([describeVerdict(report), ...(problem?.list ?? [])].join("; "));
  return [{ ...about, failed: { kind: "failure", type: problem?.code ?? "conflict", text } }];
}

function toFindingCase(report: RunReport, finding: Finding): Case {
  const { rule, decision, reason, isRefused } = finding;
  const about = {
    classname: `sandbox.${rule}`,
    name: neutraliseName(toReportPath(report, finding)),
  };
  if (!isRefused) return about;
  const by = decision === undefined ? "" : ` (${decision.decision}, ${decision.rule})`;
  return { ...about, failed: { kind: "failure", type: rule, text: neutralise(`${reason}${by}`) } };
}

/** What nothing speaks against: policy's answer is a case all the same. */
function toAllowedCases(report: RunReport): readonly Case[] {
  const isRefusedAsk = report.commit.state === "refused";
  return report.items
    .filter(
      ({ risks, decision }) =>
        risks.length === 0 &&
        (decision.decision === "allow" || (decision.decision === "ask" && !isRefusedAsk)),
    )
    .slice(0, MOST_ALLOWED)
    .map(({ change, decision }) => ({
      classname: `sandbox.${decision.decision}`,
      name: neutraliseName(toReportPath(report, change)),
    }));
}

function renderCase({ classname, name, seconds = 0, failed }: Case): string {
  const head = `<testcase classname="${escapeXml(classname)}" name="${escapeXml(name)}" time="${toSeconds(seconds)}"`;
  if (failed === undefined) return `${head}/>`;
  const { kind, type, text } = failed;
  return `${head}><${kind} type="${escapeXml(type)}" message="${escapeXml(text)}">${escapeXml(text)}</${kind}></testcase>`;
}

function toSeconds(seconds: number): string {
  return seconds.toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text for an attribute or an element: what XML 1.0 (section 2.2) has no character for becomes U+FFFD. */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, "\u{fffd}")
    .replace(/[&<>"']/g, (char) => ENTITIES[char] ?? "");
}
