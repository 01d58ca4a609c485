import type { Command } from "commander";
import { stopSession } from "../../controller/stop-session.js";
import { SandboxError } from "../../core/error.js";
import { neutralise } from "../../review/neutralise.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { resolveSession } from "../resolve-reference.js";
import { writeJson } from "../to-json.js";

/** `sandbox stop`. */
export const stopCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, or a name")
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox stop s-2o76pjgfu3\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const [text = ""] = command.args;
  if (text === "latest")
    throw new SandboxError("usage", "latest is a session that has ended: name the one to stop", {
      hint: "sandbox ls lists them",
    });
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, { text, purpose: "change" });
  const { record, didRun } = await stopSession(controller, session);
  const { state, reason } = record;
  if (command.opts<{ readonly json?: true }>().json === true) {
    const stopped = {
      session,
      state,
      stopped: didRun,
      ...(reason === undefined ? {} : { reason }),
    };
    writeJson(context.stdout, "stop", stopped);
  } else if (didRun) {
    context.stdout.write(
      `${session} ended (${neutralise(reason ?? state)}): its changes are kept\n`,
    );
    context.stderr.write(`hint: sandbox diff ${session}\n`);
  } else context.stdout.write(`${session} does not run: it is ${state}\n`);
  return 0;
}
