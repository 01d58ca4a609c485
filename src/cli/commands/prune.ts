import type { Command } from "commander";
import { pruneSessions } from "../../controller/prune-sessions.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { writeJson } from "../to-json.js";

/** `sandbox prune`. */
export const pruneCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("-a, --all", "also unpacked images that no session with pending changes has")
    .option("--dry-run", "say what would be removed, remove nothing")
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox prune --dry-run\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<{
    readonly all?: true;
    readonly dryRun?: true;
    readonly json?: true;
  }>();
  const controller = await context.openController();
  const report = await pruneSessions(controller, {
    dryRun: options.dryRun === true,
    allImages: options.all === true,
  });
  if (options.json === true) {
    writeJson(context.stdout, "prune", { ...report, dryRun: options.dryRun === true });
    return 0;
  }
  const verb = options.dryRun === true ? "would remove" : "removed";
  for (const session of report.removed) context.stdout.write(`${verb} the layers of ${session}\n`);
  for (const line of report.others) context.stdout.write(`${verb} ${line}\n`);
  for (const { session, why } of report.kept) context.stdout.write(`kept ${session}: ${why}\n`);
  if (report.removed.length + report.others.length === 0) controller.notice("nothing to remove");
  return 0;
}
