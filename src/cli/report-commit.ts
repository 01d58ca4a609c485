import type { CommitReport } from "../controller/carry-out-commit.js";
import { countChanges } from "../controller/session-review.js";
import { neutraliseName } from "../review/neutralise.js";
import { formatCount } from "../review/format-units.js";
import type { CliContext } from "./cli-context.js";

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

type WayOut = NonNullable<CommitReport["conflicts"][number]["ways"]>[number];

const WAYS: Readonly<Record<WayOut, string>> = {
  merge: "merge the lines (--merge)",
  theirs: "take the task's (--theirs PATH)",
  ours: "keep yours (--ours PATH, or name the other PATHs)",
  select: "name what it holds too",
  restore: "put it back, or out of the way, and try again",
};

/** Tells a person why nothing was written. */
export function reportConflict(context: CliContext, report: CommitReport): void {
  context.stderr.write(
    `sandbox: the workspace changed under ${report.session}; nothing was written\n`,
  );
  for (const conflict of report.conflicts) {
    const { workspace, path, reason, task, ways = [] } = conflict;
    const root = report.workspaces.length > 1 ? `${report.workspaces[workspace] ?? ""}/` : "";
    const own = task === undefined ? "" : `; the task ${task}`;
    context.stderr.write(
      `  ${neutraliseName(`${root}${path || "."}`)}: ${neutraliseName(`${reason}${own}`)}\n`,
    );
    if (ways.length > 0)
      context.stderr.write(`    ${ways.map((way) => WAYS[way]).join(", or ")}\n`);
  }
  context.stderr.write(
    "  hint: --merge merges text files, --theirs PATH takes the task's version, --ours PATH leaves it out\n",
  );
}
