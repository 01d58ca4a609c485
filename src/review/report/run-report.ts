import { assertNever } from "../../core/assert-never.js";
import type { Notice } from "../../core/change.js";
import type { RelPath } from "../../core/path.js";
import type { Decision } from "../../core/risk.js";
import type { LimitReport, Limits, Outcome } from "../../core/sandbox-spec.js";
import type { ReviewedChange } from "../listed-changes.js";
import type { RefusedSend } from "../../core/send.js";
import { renderOutcome } from "../render-outcome.js";
import { neutralise } from "../neutralise.js";

/** How a run that nobody watched ended, the commit included. */
export type RunVerdict =
  | "passed"
  | "task-failed"
  | "timed-out"
  | "denied"
  | "conflict"
  /** No sandbox could be made, or what was asked for was wrong: nothing ran. */
  | "not-run"
  | "error";

/** What stopped it besides the task itself: the fields of a `SandboxError`. */
export interface ReportProblem {
  readonly code: string;
  readonly message: string;
  readonly list: readonly string[];
  readonly hint?: string;
}

/** A path that kept a commit from coming about. */
interface ReportConflict {
  readonly workspace: number;
  readonly path: RelPath;
  readonly reason: string;
  readonly task?: string;
  readonly host?: string;
}

/** A change with policy's answer to it. */
export type JudgedChange = ReviewedChange & { readonly decision: Decision };

/** What is known once a task has run. */
export interface ReportTask {
  readonly session: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly engine: string;
  readonly runtime?: string;
  /** What it might use, and how that was put in force. */
  readonly asked: Limits;
  readonly limits: readonly LimitReport[];
  readonly profile?: { readonly name: string; readonly digest: string };
}

/** All that a report is made of. Names and texts in it come from a sandbox: each renderer neutralises them for its format. */
export interface RunReport {
  readonly verdict: RunVerdict;
  /** The exit code of `run --ci`. */
  readonly exit: number;
  /** This program's version. */
  readonly version: string;
  readonly command: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Absent where nothing ran. */
  readonly task?: ReportTask;
  readonly workspaces: readonly string[];
  /** The directory that paths are told from: the root of the checkout; absent: the workspace, where there is one. */
  readonly root?: string;
  readonly items: readonly JudgedChange[];
  readonly notices: readonly Notice[];
  readonly conflicts: readonly ReportConflict[];
  /** `never`: nobody asked for one. `none`: there was nothing to commit. */
  readonly commit:
    | { readonly state: "never" | "refused" | "none" }
    | { readonly state: "done"; readonly commit: string; readonly applied: number };
  readonly problem?: ReportProblem;
  /** What it did not reach: often why it failed. */
  readonly refused: readonly RefusedSend[];
  /** Lines added and removed by file, as text for a terminal without colour. */
  readonly diffstat?: string;
}

/** One line for a person, neutralised: what became of the run. */
export function describeVerdict(report: RunReport): string {
  const { verdict, task, problem } = report;
  const why = problem === undefined ? "" : `: ${neutralise(problem.message)}`;
  switch (verdict) {
    case "passed":
      return `passed, ${describeCommit(report)}`;
    case "task-failed":
    case "timed-out":
      return task === undefined ? `the task failed${why}` : `the task failed: ${outcomeOf(task)}`;
    case "denied":
      return `denied by policy${why}`;
    case "conflict":
      return "conflict: the workspace changed under the session; nothing was written";
    case "not-run":
      return `nothing ran${why}`;
    case "error":
      return `error${why}`;
    default:
      return assertNever(verdict);
  }
}

/** What was committed, in a few words. */
export function describeCommit({ commit }: RunReport): string {
  switch (commit.state) {
    case "none":
      return "nothing to commit";
    case "never":
    case "refused":
      return "nothing was committed";
    case "done":
      return `${commit.applied} committed as ${commit.commit}`;
    default:
      return assertNever(commit);
  }
}

/** How a task ended and how long it took. */
export function outcomeOf({ outcome, durationMs }: ReportTask): string {
  return renderOutcome(outcome, { colour: false, durationMs });
}

/**
 * A path as the outside world knows it: below the checkout's root, else absolute. Bytes that are not UTF-8 are as in `RelPath`;
 * `.` is the root itself.
 */
export function toReportPath(
  { workspaces, root }: Pick<RunReport, "workspaces" | "root">,
  at: { readonly workspace: number; readonly path: RelPath },
): string {
  const workspace = workspaces[at.workspace] ?? "";
  const full = at.path === "" ? workspace : `${workspace}/${at.path}`;
  const base = root ?? (workspaces.length === 1 ? workspace : undefined);
  if (base === undefined) return full;
  if (full === base) return ".";
  return full.startsWith(`${base}/`) ? full.slice(base.length + 1) : full;
}
