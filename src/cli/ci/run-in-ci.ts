import type { CommitReport } from "../../controller/carry-out-commit.js";
import type { Controller } from "../../controller/controller.js";
import { findOverBudget } from "../../controller/find-over-budget.js";
import { openCommit } from "../../controller/open-commit.js";
import type { RunRequest } from "../../controller/run-request.js";
import { sumRefused } from "../../controller/network/sum-refused.js";
import { runTask } from "../../controller/run-task.js";
import { reviewChangeset, type SessionReview } from "../../controller/session-review.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { renderAnnotations } from "../../review/report/render-annotations.js";
import type { ReportProblem } from "../../review/report/run-report.js";
import type { CliContext } from "../cli-context.js";
import { decideCommit } from "../decide-commit.js";
import { renderError } from "../render-error.js";
import { reportCommit, reportConflict } from "../report-commit.js";
import { toRunObject } from "../run-object.js";
import { withTaskIo } from "../task-io.js";
import { tellPerson, toConflictReport } from "../tell-run.js";
import { writeJson } from "../to-json.js";
import { type CiHost, findCiHost } from "./ci-host.js";
import { openCiLog, type CiLog } from "./ci-log.js";
import { type CiEnd, judgeError, judgeOutcome, toProblem } from "./ci-verdict.js";
import { type CiStory, makeReport, readDiffstat } from "./make-report.js";
import { type HeldReport, publishReport } from "./publish-report.js";
import { toReportObject } from "./report-object.js";
import type { ReportTarget } from "./report-target.js";

/** A run that nobody watches. */
export interface CiRequest {
  readonly request: RunRequest;
  readonly reports: readonly ReportTarget[];
  readonly commit: "auto" | "never";
  readonly json: boolean;
}

/** What came of it. */
interface CiResult {
  readonly end: CiEnd;
  readonly controller?: Controller;
  readonly review?: SessionReview;
  readonly committed?: CommitReport;
  readonly conflicts: CommitReport["conflicts"];
  readonly problem?: ReportProblem;
  readonly diffstat?: string;
}

/**
 * `run --ci`: no terminal and no questions; what policy asks about is denied. Reports are written whatever happened; the exit code is one of
 * cli.md's for `--ci`. Throws `usage` before anything runs where a report could not be written.
 */
export async function runInCi(context: CliContext, asked: CiRequest): Promise<number> {
  const startedAt = new Date().toISOString();
  const host = findCiHost(context.env);
  using reports = holdReports(context, asked.reports);
  const { held } = reports;
  const log = openCiLog(host, context.stderr);
  const result = await runAndCommit(context, { host, log }, asked);
  return await tellEnd(context, { host, log }, { asked, result, held, startedAt });
}

function holdReports(
  context: CliContext,
  targets: readonly ReportTarget[],
): Disposable & { readonly held: readonly HeldReport[] } {
  const held: HeldReport[] = [];
  const release = (): void => {
    for (const { file } of held) file[Symbol.dispose]();
  };
  try {
    for (const target of targets) held.push({ target, file: context.holdFile(target.file) });
  } catch (error) {
    release();
    throw error;
  }
  return { held, [Symbol.dispose]: release };
}

/** Where it runs. */
interface Place {
  readonly host: CiHost;
  readonly log: CiLog;
}

async function runAndCommit(
  context: CliContext,
  { host, log }: Place,
  asked: CiRequest,
): Promise<CiResult> {
  try {
    const controller = await context.openController();
    const how = { terminal: false, json: asked.json || host.kind === "github", isAlone: true };
    const ran = await withTaskIo(context, how, (io) =>
      runTask(controller, asked.request, io),
    ).finally(log.endTask);
    const review = reviewChangeset(controller, ran.record, ran.changeset);
    await tellPerson(review, { context });
    return await commitIfAsked(context, { controller, review, host, asked });
  } catch (error) {
    await renderError(error, context, asked.json);
    return { end: judgeError(error), conflicts: [], problem: toProblem(error) };
  }
}

interface Ran {
  readonly controller: Controller;
  readonly review: SessionReview;
  readonly host: CiHost;
  readonly asked: CiRequest;
}

async function commitIfAsked(context: CliContext, ran: Ran): Promise<CiResult> {
  const { controller, review, host, asked } = ran;
  const { outcome } = review.record;
  if (outcome === undefined) throw new Error("a run that ended has an outcome");
  const wantsStat = host.summary !== undefined || asked.reports.some(isMarkdown);
  const known = {
    ...{ controller, review, end: judgeOutcome(outcome), conflicts: [] },
    ...(wantsStat ? { diffstat: readDiffstat(review) } : {}),
  };
  if (outcome.outcome === "interrupted" && (await isOverBudget(controller, review))) {
    const problem = { code: "denied", message: `over budget: ${outcome.reason}`, list: [] };
    return { ...known, end: { verdict: "denied", exit: EXIT_CODES.denied }, problem };
  }
  const hasChanges = review.changeset.changes.length > 0;
  if (asked.commit === "never" || known.end.verdict !== "passed" || !hasChanges) return known;
  try {
    return { ...known, ...(await commitNow(context, controller, review)) };
  } catch (error) {
    await renderError(error, { ...context, stdout: context.stderr }, false);
    return { ...known, end: judgeError(error), problem: toProblem(error) };
  }
}

/** A task that was ended for what it destroyed has not failed by itself. */
async function isOverBudget(
  controller: Controller,
  { record, changeset }: SessionReview,
): Promise<boolean> {
  return (await findOverBudget(controller, record, changeset.changes)).length > 0;
}

function isMarkdown({ format }: ReportTarget): boolean {
  return format === "markdown";
}

async function commitNow(
  context: CliContext,
  controller: Controller,
  review: SessionReview,
): Promise<Partial<CiResult>> {
  const { session } = review.record;
  await using open = await openCommit(controller, { session, paths: [], asks: false });
  const result = await decideCommit(context, { controller, open, approval: "allowed" });
  if (result.answer === "declined") throw new Error("nobody was asked");
  const report =
    result.answer === "conflict"
      ? toConflictReport(review, result.proposal.plan.conflicts)
      : result.report;
  if (report.conflicts.length === 0) {
    reportCommit({ ...context, stdout: context.stderr }, report);
    return { committed: report };
  }
  reportConflict(context, report);
  const end = { verdict: "conflict", exit: EXIT_CODES.conflict } as const;
  return { end, conflicts: report.conflicts };
}

/** A log that cannot be read takes nothing from the reports but this. */
async function readRefused(
  { stderr }: CliContext,
  { controller, review }: CiResult,
): Promise<CiStory["refused"]> {
  if (controller === undefined || review === undefined) return [];
  try {
    return await sumRefused(controller, review.record);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    stderr.write(`sandbox: the reports do not say what was not reached: ${why}\n`);
    return [];
  }
}

async function tellEnd(
  context: CliContext,
  { host, log }: Place,
  told: {
    readonly asked: CiRequest;
    readonly result: CiResult;
    readonly held: readonly HeldReport[];
    readonly startedAt: string;
  },
): Promise<number> {
  const { asked, result, held, startedAt } = told;
  const { controller, review, committed, problem } = result;
  const refused = await readRefused(context, result);
  const story: CiStory = {
    refused,
    ...{ ...result, version: context.version, command: asked.request.command, startedAt },
    ...{ root: host.root, wantsCommit: asked.commit === "auto" },
  };
  const report = makeReport(story);
  const run =
    controller === undefined || review === undefined
      ? undefined
      : {
          ...{ review, commit: committed },
          record: await controller.store.readSession(review.record.session),
          ...(problem === undefined ? {} : { problem }),
        };
  const json = () => `${JSON.stringify(toReportObject(report, run), null, 2)}\n`;
  const failed = publishReport(context, host, { published: { report, json }, held });
  for (const line of failed) context.stderr.write(`sandbox: ${line}\n`);
  if (asked.json && run !== undefined) writeJson(context.stdout, "run", toRunObject(run));
  log.obey();
  if (host.kind === "github")
    for (const line of renderAnnotations(report)) context.stderr.write(`${line}\n`);
  return failed.length > 0 && report.exit === 0 ? EXIT_CODES.unexpected : report.exit;
}
