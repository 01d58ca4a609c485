import type { CommitReport } from "../controller/carry-out-commit.js";
import { countChanges } from "../controller/session-review.js";
import { formatCount } from "../review/format-units.js";
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
      `${formatCount(report.skipped.length, "change")} left in ${report.session}\n`,
    );
  context.stdout.write(`  sandbox rollback ${report.commit}  undo it\n`);
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
