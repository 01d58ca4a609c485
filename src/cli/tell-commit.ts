import type { CommitReport } from "../controller/carry-out-commit.js";
import type { CommitProposal } from "../controller/propose-commit.js";
import { EXIT_CODES } from "../core/exit-code.js";
import { type CliContext, wantsColour } from "./cli-context.js";
import type { CommitAnswer } from "./decide-commit.js";
import { renderComposed, renderProposal } from "../controller/render-proposal.js";
import { reportCommit, reportConflict } from "./report-commit.js";
import { toCommitObject, writeJson } from "./to-json.js";

/** Tells what became of a commit that nobody declined; the exit code. */
export function tellAnswer(
  context: CliContext,
  result: Exclude<CommitAnswer, { answer: "declined" }>,
  { json }: { readonly json: boolean },
): number {
  if (result.answer === "conflict")
    return showPlan(context, result.proposal, { json, dryRun: false });
  const isConflict = result.report.conflicts.length > 0;
  if (json) writeJson(context.stdout, "commit", toCommitObject(result.report));
  else if (isConflict) reportConflict(context, result.report);
  else reportCommit(context, result.report);
  return isConflict ? EXIT_CODES.conflict : 0;
}

/** Dry, or stopped by a conflict: nothing was written. */
export function showPlan(
  context: CliContext,
  proposal: CommitProposal,
  { json, dryRun }: { readonly json: boolean; readonly dryRun: boolean },
): number {
  const report: CommitReport = {
    commit: undefined,
    session: proposal.review.record.session,
    digest: proposal.digest,
    workspaces: proposal.review.changeset.workspaces,
    applied: proposal.plan.changes,
    skipped: proposal.denied.map((item) => item.change),
    denied: proposal.denied,
    conflicts: proposal.plan.conflicts,
    merged: [...proposal.composed.values()]
      .filter(({ how }) => how === "merge")
      .map(({ change }) => change),
  };
  const isConflict = report.conflicts.length > 0;
  if (json)
    writeJson(context.stdout, "commit", {
      ...toCommitObject(isConflict ? { ...report, applied: [], merged: [] } : report),
      ...(dryRun ? { dryRun } : {}),
    });
  else {
    const o = { colour: wantsColour(context, context.stdout) };
    for (const text of renderComposed(proposal, o)) context.stdout.write(text);
    context.stdout.write(renderProposal(proposal, o));
    if (isConflict) reportConflict(context, report);
  }
  return isConflict ? EXIT_CODES.conflict : 0;
}
