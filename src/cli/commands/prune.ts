import type { Command } from "commander";
import { type PruneReport, pruneSessions } from "../../controller/prune-sessions.js";
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
    .addHelpText("after", HELP);
}

const HELP = `
Removes the layers of sessions that are committed, discarded or failed, or that changed nothing (their records stay), what
killed processes left with Docker daemons (containers, volumes, images of ours), and with --all also unpacked images.
Never removes changes that are pending: \`sandbox discard SESSION\` does, by name.

Example:
  sandbox prune --dry-run
`;

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
  for (const line of renderKept(report.kept)) context.stdout.write(`${line}\n`);
  if (report.removed.length + report.others.length === 0) controller.notice("nothing to remove");
  return 0;
}

const MOST_NAMED = 3;

/** One line for each reason: how many, and the first of them by name. */
function renderKept(kept: PruneReport["kept"]): readonly string[] {
  return [...new Set(kept.map(({ why }) => why))].map((reason) => {
    const sessions = kept.filter(({ why }) => why === reason).map(({ session }) => session);
    const more = sessions.length - MOST_NAMED;
    const named = sessions.slice(0, MOST_NAMED).join(", ");
    const rest = more > 0 ? ` and ${more} more (\`sandbox ls\` has them)` : "";
    return `kept ${sessions.length}, ${reason}: ${named}${rest}`;
  });
}
