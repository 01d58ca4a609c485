import type { Command } from "commander";
import { refreshSession } from "../../controller/refresh-session.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { reportRefresh } from "../report-refresh.js";
import { resolveSession } from "../resolve-reference.js";
import { toRefreshObject, writeJson } from "../to-json.js";

/** `sandbox refresh`. */
export const refreshCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .option("--json", "the result, for programs")
    .addHelpText(
      "after",
      "\nNothing of yours is written. What you and the task both changed stays in conflict:\n" +
        "commit it with --merge, --theirs PATH (the task's) or --ours PATH (yours stays).\n" +
        "\nExample:\n  sandbox refresh latest && sandbox exec latest -- make test\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, {
    text: command.args[0] ?? "",
    purpose: "change",
  });
  const report = await refreshSession(controller, session);
  if (command.opts<{ readonly json?: true }>().json === true)
    writeJson(context.stdout, "refresh", toRefreshObject(report));
  else reportRefresh(context, report);
  return 0;
}
