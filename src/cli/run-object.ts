import type { CommitReport } from "../controller/carry-out-commit.js";
import type { SessionReview } from "../controller/session-review.js";
import type { Outcome } from "../core/sandbox-spec.js";
import type { SessionRecord } from "../core/session.js";
import { countStats } from "../review/rank-changes.js";
import type { ReportProblem } from "../review/report/run-report.js";
import { toCommitObject } from "./to-json.js";

/** What a run is told of. */
export interface RunTold {
  readonly review: SessionReview;
  /** As it is now: a commit changes it. */
  readonly record: SessionRecord;
  readonly commit: CommitReport | undefined;
  /** Why what was asked to be committed was not. */
  readonly problem?: ReportProblem;
}

/** A run as `run --json` writes it. */
export function toRunObject({ review, record, commit, problem }: RunTold): object {
  const { outcome } = review.record;
  const { risks } = countStats(review.items);
  return {
    session: record.session,
    state: record.state,
    outcome: outcome?.outcome,
    exit: toExitObject(outcome),
    ...(record.reason === undefined ? {} : { reason: record.reason }),
    durationMs: record.durationMs,
    engine: record.engine,
    runtime: record.runtime,
    digest: review.changeset.digest,
    changes: review.record.counts,
    risks: { high: risks.high, medium: risks.medium, low: risks.low },
    ...(commit === undefined ? {} : { commit: toCommitObject(commit) }),
    ...(problem === undefined ? {} : { problem: toProblemObject(problem) }),
  };
}

/** A problem as `error` of an error object has it. */
export function toProblemObject({ code, message, list, hint }: ReportProblem): object {
  return {
    ...{ code, message },
    ...(list.length === 0 ? {} : { list }),
    ...(hint === undefined ? {} : { hint }),
  };
}

function toExitObject(outcome: Outcome | undefined): object {
  if (outcome?.outcome === "exited" || outcome?.outcome === "not-started")
    return { code: outcome.code };
  return outcome?.outcome === "signalled" ? { signal: outcome.signal } : {};
}
