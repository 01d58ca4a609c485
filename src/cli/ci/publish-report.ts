import { assertNever } from "../../core/assert-never.js";
import { renderCodeQuality } from "../../review/report/render-code-quality.js";
import { renderJunit } from "../../review/report/render-junit.js";
import { renderMarkdown } from "../../review/report/render-markdown.js";
import { renderSarif } from "../../review/report/render-sarif.js";
import type { RunReport } from "../../review/report/run-report.js";
import type { CliContext, HeldFile } from "../cli-context.js";
import type { CiHost } from "./ci-host.js";
import type { ReportFormat, ReportTarget } from "./report-target.js";

/** A report's place, held since before the task began. */
export interface HeldReport {
  readonly target: ReportTarget;
  readonly file: HeldFile;
}

/** What a report is published from: the model, and the JSON form, which the command line owns. */
export interface Published {
  readonly report: RunReport;
  readonly json: () => string;
}

/**
 * Writes every report, GitHub's summary and outputs; all are tried. Returns what could not be written, a line each.
 */
export function publishReport(
  context: CliContext,
  host: CiHost,
  { published, held }: { readonly published: Published; readonly held: readonly HeldReport[] },
): readonly string[] {
  const { report } = published;
  const steps: readonly (readonly [string, () => void])[] = [
    ...held.map(
      ({ target, file }) =>
        [target.file, () => file.write(renderReport(target.format, published))] as const,
    ),
    ["the step summary", () => writeSummary(context, host, report)],
    ["the step's outputs", () => writeOutputs(context, host, report)],
  ];
  return steps.flatMap(([what, write]) => tryStep(what, write));
}

function tryStep(what: string, write: () => void): readonly string[] {
  try {
    write();
    return [];
  } catch (error) {
    return [`${what} could not be written: ${error instanceof Error ? error.message : error}`];
  }
}

function renderReport(format: ReportFormat, { report, json }: Published): string {
  switch (format) {
    case "junit":
      return renderJunit(report);
    case "sarif":
      return renderSarif(report);
    case "markdown":
      return renderMarkdown(report);
    case "json":
      return json();
    case "gitlab":
      return renderCodeQuality(report);
    default:
      return assertNever(format);
  }
}

/** GitHub refuses a step's summary of more than this, the whole of it. */
const MOST_SUMMARY = 1024 * 1024;

function writeSummary(context: CliContext, { summary }: CiHost, report: RunReport): void {
  if (summary === undefined) return;
  context.appendTo(summary, (size) => {
    const text = `\n${renderMarkdown(report, MOST_SUMMARY - size - 1)}`;
    return Buffer.byteLength(text) <= MOST_SUMMARY - size ? text : undefined;
  });
}

/** Ids, words and numbers of ours only: nothing in them can begin another line. */
function writeOutputs(context: CliContext, { outputs }: CiHost, report: RunReport): void {
  if (outputs === undefined) return;
  const { task, verdict, exit, items, commit } = report;
  const values = {
    session: task?.session ?? "",
    outcome: verdict,
    exit: String(exit),
    changes: String(items.length),
    commit: commit.state === "done" ? commit.commit : "",
  };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${value}\n`);
  context.appendTo(outputs, () => lines.join(""));
}
