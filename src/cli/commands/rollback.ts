import type { Command } from "commander";
import { type RollbackReport, rollbackCommit } from "../../controller/rollback-commit.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { formatCount } from "../../review/format-units.js";
import { type PlanStep, renderPlan } from "../../review/render-plan.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, wantsColour } from "../cli-context.js";
import { resolveCommit } from "../resolve-reference.js";
import { type Place, toPath, writeJson } from "../to-json.js";

/** `sandbox rollback`. */
export const rollbackCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<commit>", "an id, a prefix of it, a session's name, or latest")
    .option("--dry-run", "say what would be restored and what cannot be, write nothing")
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox rollback latest --dry-run\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<{ readonly dryRun?: true; readonly json?: true }>();
  const controller = await context.openController();
  const { commit } = await resolveCommit(context, controller, {
    text: command.args[0] ?? "",
    purpose: "change",
  });
  const report = await rollbackCommit(controller, { commit, dryRun: options.dryRun === true });
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
    restored: conflicts.length > 0 ? [] : plan.restore.map(at),
    conflicts: reasoned(conflicts),
    unrestorable: reasoned(plan.unrestorable),
  };
}

const STEPS = { remove: "delete", restore: "change", recreate: "add" } as const;

function toStep({ workspace, path, action }: RollbackReport["plan"]["restore"][number]): PlanStep {
  return { workspace, path, action: STEPS[action] };
}

function printReport(context: CliContext, report: RollbackReport): void {
  const { plan, of, conflicts, rollback } = report;
  if (report.dryRun || conflicts.length > 0 || plan.unrestorable.length > 0)
    context.stdout.write(
      renderPlan(
        {
          title: `Rollback of ${of.commit}`,
          workspaces: of.workspaces,
          steps: [
            ...plan.restore.map(toStep),
            ...conflicts.map(({ workspace, path, reason }) => ({
              workspace,
              path,
              action: "conflict" as const,
              note: reason,
            })),
            ...plan.unrestorable.map(({ workspace, path, reason }) => ({
              workspace,
              path,
              action: "unrestorable" as const,
              note: reason,
            })),
          ],
        },
        { colour: wantsColour(context, context.stdout) },
      ),
    );
  if (conflicts.length > 0)
    context.stderr.write(
      `sandbox: ${formatCount(conflicts.length, "path")} changed after ${of.commit}; nothing was written\n`,
    );
  else if (rollback !== undefined)
    context.stdout.write(
      `${of.commit} undone by ${rollback}: ${formatCount(plan.restore.length, "path")} restored\n` +
        `  sandbox rollback ${rollback}  bring it back\n`,
    );
  else if (!report.dryRun) context.stdout.write("nothing to undo\n");
}
