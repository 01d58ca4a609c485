import type { Command } from "commander";
import { discardSession } from "../../controller/discard-session.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { resolveSession } from "../resolve-reference.js";
import { writeJson } from "../to-json.js";

/** `sandbox discard`. */
export const discardCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox discard latest\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, {
    text: command.args[0] ?? "",
    purpose: "change",
  });
  const { record, leftover } = await discardSession(controller, session);
  if (command.opts<{ readonly json?: true }>().json === true)
    writeJson(context.stdout, "discard", {
      session,
      state: record.state,
      ...(leftover === undefined ? {} : { leftover: leftover.reason }),
    });
  else
    context.stdout.write(
      `${session} discarded: its changes are gone, your files are as they were\n`,
    );
  if (leftover !== undefined)
    controller.notice(
      `sandbox: ${leftover.reason}\n  hint: what is left of it there goes with \`sandbox prune\`, when the daemon answers`,
    );
  return 0;
}
