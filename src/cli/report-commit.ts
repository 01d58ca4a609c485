import type { CommitReport } from "../controller/carry-out-commit.js";
import { countChanges, type ReviewedChange } from "../controller/session-review.js";
import { formatCount } from "../review/format-units.js";
import { neutraliseName } from "../review/neutralise.js";
import type { CliContext } from "./cli-context.js";
import { renderConflicts } from "./render-conflicts.js";

/** Tells a person what a commit did. */
export function reportCommit(context: CliContext, report: CommitReport): void {
  if (report.commit === undefined) {
    context.stdout.write("nothing to commit: your files are already like that\n");
    return;
  }
  const { added, modified, deleted } = countChanges(report.applied);
  context.stdout.write(
    `${report.commit}: ${added} added, ${modified} modified, ${deleted} deleted\n`,
  );
  if (report.merged.length > 0)
    context.stdout.write(`${formatCount(report.merged.length, "file")} merged with your edits\n`);
  if (report.skipped.length > 0)
    context.stdout.write(
      `${formatCount(report.skipped.length, "change")} left in ${report.session}\n${renderDenied(report.denied)}`,
    );
  context.stdout.write(`  sandbox rollback ${report.commit}  undo it\n`);
}

const MOST_DENIED = 5;

/** What a commit of the rest would be refused for. */
function renderDenied(items: readonly ReviewedChange[]): string {
  const lines = items
    .slice(0, MOST_DENIED)
    .map(
      ({ change, decision }) =>
        `  denied: ${neutraliseName(change.path || ".")} (${decision.reason})`,
    );
  if (items.length > MOST_DENIED) lines.push(`  denied: ${items.length - MOST_DENIED} more`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Tells a person why nothing was written. */
export function reportConflict(context: CliContext, report: CommitReport): void {
  context.stderr.write(
    `sandbox: the workspace changed under ${report.session}; nothing was written\n`,
  );
  context.stderr.write(renderConflicts(report.workspaces, report.conflicts));
  // Where each conflict says its own ways out, they are said once.
  if (report.conflicts.every(({ ways = [] }) => ways.length > 0)) return;
  context.stderr.write(
    "  hint: --merge merges text files, --theirs PATH takes the task's version, --ours PATH leaves it out\n",
  );
}
