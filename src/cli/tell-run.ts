import type { CommitReport } from "../controller/carry-out-commit.js";
import type { RunResult } from "../controller/finish-run.js";
import { openCommit } from "../controller/open-commit.js";
import type { GitGroup } from "../controller/read-git-stories.js";
import { reviewChangeset, type SessionReview } from "../controller/session-review.js";
import { EXIT_CODES } from "../core/exit-code.js";
import type { Moves } from "../review/moves.js";
import { renderNext, renderSummary } from "../review/render-summary.js";
import { type CliContext, canAsk, wantsColour } from "./cli-context.js";
import { type Approval, decideCommit } from "./decide-commit.js";
import { reportCommit, reportConflict } from "./report-commit.js";
import { renderError } from "./render-error.js";
import type { ReportOptions } from "./report-options.js";
import { toRunObject } from "./run-object.js";
import { writeJson } from "./to-json.js";

/** As `ReportOptions`, with the exit code the task itself gives. */
export interface TellOptions extends ReportOptions {
  readonly own: number;
}

/** The summary for a person, or the object for a program, after what was asked to be committed has been. */
export async function tellRun(result: RunResult, options: TellOptions): Promise<number> {
  const { changeset, record } = result;
  const review = reviewChangeset(options.controller, record, changeset);
  // What is about to be committed needs no command that would.
  const isHintless = options.commit === "auto";
  if (!options.json) await tellPerson(review, options, { isHintless });
  const committed = options.commit === "never" ? undefined : await commitNow(review, options);
  if (options.json) await tellProgram(review, options, committed?.report);
  else if (isHintless && isAnythingLeft(committed)) tellNext(review, options.context);
  return committed?.exit ?? options.own;
}

/** The summary of a run, on stderr. */
export async function tellPerson(
  review: SessionReview,
  { context }: Pick<ReportOptions, "context">,
  { isHintless = false }: { readonly isHintless?: boolean } = {},
): Promise<void> {
  const { record, changeset, items } = review;
  if (record.outcome === undefined) return;
  const git = await findRunGit(review);
  const moves = await findRunMoves(review);
  const text = renderSummary(
    {
      session: record.session,
      outcome: record.outcome,
      durationMs: record.durationMs ?? 0,
      workspaces: changeset.workspaces,
      items,
      moves,
      git,
      notices: changeset.notices,
      limits: record.limits,
      isHintless,
    },
    { colour: wantsColour(context, context.stderr) },
  );
  context.stderr.write(`\n${text}`);
}

function tellNext({ record, changeset }: SessionReview, context: CliContext): void {
  const { workspaces } = changeset;
  const of = { session: record.session, workspaces };
  context.stderr.write(renderNext(of, { colour: wantsColour(context, context.stderr) }));
}

function isAnythingLeft(committed: Committed | undefined): boolean {
  return committed?.report === undefined || committed.report.skipped.length > 0;
}

/** What finds them is loaded only where there can be some. */
async function findRunMoves(review: SessionReview): Promise<Moves> {
  const kinds = new Set(review.changeset.changes.map(({ kind }) => kind));
  if (!kinds.has("add") || !kinds.has("delete")) return new Map();
  return (await import("../controller/find-session-moves.js")).findSessionMoves(review);
}

async function findRunGit(review: SessionReview): Promise<readonly GitGroup[]> {
  if (!review.changeset.changes.some(({ path }) => /(^|\/)\.git\//.test(path))) return [];
  return (await import("../controller/read-git-stories.js")).readGitGroups(review);
}

interface Committed {
  readonly exit: number;
  readonly report?: CommitReport;
}

/** A commit that does not come about keeps the session; the task itself has succeeded. */
async function commitNow(review: SessionReview, options: TellOptions): Promise<Committed> {
  const { context, controller, json } = options;
  const approval: Approval = options.commit === "ask" && canAsk(context) ? "ask" : "policy";
  try {
    await using open = await openCommit(controller, {
      session: review.record.session,
      paths: [],
      asks: approval === "ask",
    });
    const result = await decideCommit(context, { controller, open, approval });
    if (result.answer === "declined") {
      controller.notice(`not committed; ${review.record.session} is kept`);
      return { exit: 0 };
    }
    if (result.answer === "conflict") {
      if (!json) reportConflict(context, toConflictReport(review, result.proposal.plan.conflicts));
      return { exit: EXIT_CODES.conflict };
    }
    const { report } = result;
    const isConflict = report.conflicts.length > 0;
    if (!json && isConflict) reportConflict(context, report);
    else if (!json) reportCommit({ ...context, stdout: context.stderr }, report);
    return { exit: isConflict ? EXIT_CODES.conflict : 0, report };
  } catch (error) {
    return { exit: await renderError(error, { ...context, stdout: context.stderr }, false) };
  }
}

/** The report of a commit that conflicts stopped before it began. */
export function toConflictReport(
  review: SessionReview,
  conflicts: CommitReport["conflicts"],
): CommitReport {
  return {
    commit: undefined,
    session: review.record.session,
    digest: review.changeset.digest,
    workspaces: review.changeset.workspaces,
    applied: [],
    merged: [],
    skipped: review.changeset.changes,
    denied: [],
    conflicts,
  };
}

async function tellProgram(
  review: SessionReview,
  options: TellOptions,
  commit: CommitReport | undefined,
): Promise<void> {
  const { context, controller } = options;
  const record = await controller.store.readSession(review.record.session);
  writeJson(context.stdout, "run", toRunObject({ review, record, commit }));
}
