import type { CommitReport } from "../../controller/carry-out-commit.js";
import type { RunResult } from "../../controller/finish-run.js";
import { readFileDiff } from "../../controller/read-file-diff.js";
import type { SessionReview } from "../../controller/session-review.js";
import { toListed } from "../../review/listed-changes.js";
import { renderStat } from "../../review/render-stat.js";
import type { ReportProblem, ReportTask, RunReport } from "../../review/report/run-report.js";
import type { CiEnd } from "./ci-verdict.js";

/** All that happened, as far as it came. */
export interface CiStory {
  readonly end: CiEnd;
  readonly version: string;
  readonly command: readonly string[];
  readonly startedAt: string;
  readonly root: string | undefined;
  /** Absent where nothing ran. */
  readonly review?: SessionReview;
  readonly wantsCommit: boolean;
  readonly committed?: CommitReport;
  readonly conflicts: CommitReport["conflicts"];
  readonly problem?: ReportProblem;
  readonly diffstat?: string;
  readonly refused: RunReport["refused"];
}

/** The story as a report has it. */
export function makeReport(story: CiStory): RunReport {
  const { end, version, command, startedAt, root, review, conflicts, problem, diffstat, refused } =
    story;
  const task = review === undefined ? undefined : toTask(review.record);
  return {
    ...{ ...end, refused, version, command, startedAt, endedAt: new Date().toISOString() },
    ...(task === undefined ? {} : { task }),
    workspaces: review?.changeset.workspaces ?? [],
    ...(root === undefined ? {} : { root }),
    items: review?.items ?? [],
    notices: review?.changeset.notices ?? [],
    conflicts,
    commit: toCommit(story),
    ...(problem === undefined ? {} : { problem }),
    ...(diffstat === undefined ? {} : { diffstat }),
  };
}

function toTask(record: RunResult["record"]): ReportTask | undefined {
  const { session, outcome, durationMs = 0, engine, runtime, spec, limits, profile } = record;
  if (outcome === undefined) return undefined;
  return {
    ...{ session, outcome, durationMs, engine, asked: spec.limits, limits },
    ...(runtime === undefined ? {} : { runtime }),
    ...(profile === undefined ? {} : { profile: { name: profile.name, digest: profile.digest } }),
  };
}

function toCommit({ wantsCommit, committed, review, end }: CiStory): RunReport["commit"] {
  if (committed?.commit !== undefined)
    return { state: "done", commit: committed.commit, applied: committed.applied.length };
  if (!wantsCommit || end.verdict === "task-failed" || end.verdict === "timed-out")
    return { state: "never" };
  const changed = (review?.changeset.changes.length ?? 0) > 0;
  return { state: changed && end.verdict !== "passed" ? "refused" : "none" };
}

/** Files whose lines are counted: each is read twice. */
const MOST_COUNTED = 500;
const WIDTH = 100;

/** Lines added and removed by file. Read it before a commit takes the layers. */
export function readDiffstat(review: SessionReview): string {
  const listed = toListed(review.items);
  const counted = listed.slice(0, MOST_COUNTED);
  const files = counted.map(({ change }) => readFileDiff(review, change));
  const more = listed.length - counted.length;
  const text = renderStat(files, { colour: false, width: WIDTH });
  return more > 0 ? `${text}… and ${more} more\n` : text;
}
