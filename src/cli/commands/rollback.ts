import type { Command } from "commander";
import { type RollbackReport, rollbackCommit } from "../../controller/rollback-commit.js";
import type { CommitId } from "../../core/ids.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { formatCount } from "../../review/format-units.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, wantsColour } from "../cli-context.js";
import { renderRollback } from "../render-rollback.js";
import { resolveCommit } from "../resolve-reference.js";
import { type Place, toPath, writeJson } from "../to-json.js";

/** `sandbox rollback`. */
export const rollbackCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<commit>", "an id, a prefix of it, a session's name, or latest")
    .argument("[path...]", "only what the commit did at or below these host paths")
    .option("--dry-run", "say what would be restored and what cannot be, write nothing")
    .option("--json", "the result, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox rollback latest --dry-run\n  sandbox rollback latest src/parser.ts\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<{ readonly dryRun?: true; readonly json?: true }>();
  const [text = "", ...paths] = command.args;
  const controller = await context.openController();
  const { commit } = await resolveCommit(context, controller, { text, purpose: "change" });
  const report = await rollbackCommit(controller, {
    ...{ commit, paths },
    dryRun: options.dryRun === true,
  });
  if (options.json === true) writeJson(context.stdout, "rollback", toObject(report));
  else printReport(context, report);
  return report.conflicts.length > 0 ? EXIT_CODES.conflict : 0;
}

function toObject(report: RollbackReport): object {
  const { plan, of, conflicts } = report;
  const at = (place: Place): object => toPath(of.workspaces, place);
  const reasoned = (list: typeof conflicts): readonly object[] =>
    list.map((entry) => ({ ...at(entry), reason: entry.reason }));
  return {
    rollback: report.rollback ?? null,
    commit: of.commit,
    session: of.session,
    ...(report.dryRun ? { dryRun: true } : {}),
    restored:
      conflicts.length > 0
        ? []
        : plan.restore.map((entry) => ({ ...at(entry), action: entry.action })),
    conflicts: reasoned(conflicts),
    unrestorable: reasoned(plan.unrestorable),
    unchanged: plan.passed.map(at),
    remaining: plan.outside,
    state: of.state,
  };
}

function printReport(context: CliContext, report: RollbackReport): void {
  const { plan, of, conflicts, rollback } = report;
  if (report.dryRun || conflicts.length > 0 || plan.unrestorable.length > 0)
    context.stdout.write(renderRollback(report, { colour: wantsColour(context, context.stdout) }));
  if (conflicts.length > 0)
    context.stderr.write(
      `sandbox: ${formatCount(conflicts.length, "path")} changed after ${of.commit}; nothing was written\n` +
        `  name the PATHs to restore without them: sandbox rollback ${of.commit} PATH...\n`,
    );
  else if (rollback !== undefined) context.stdout.write(renderDone(report, rollback));
  else if (!report.dryRun) context.stdout.write("nothing to undo\n");
}

function renderDone({ plan, of }: RollbackReport, rollback: CommitId): string {
  const partly = of.state === "partly-rolled-back";
  const lines = [
    `${of.commit} ${partly ? "partly " : ""}undone by ${rollback}: ${formatCount(plan.restore.length, "path")} restored`,
    `  sandbox rollback ${rollback}  bring it back`,
    ...(plan.outside > 0
      ? [`  sandbox rollback ${of.commit}  undo the other ${formatCount(plan.outside, "path")}`]
      : []),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
