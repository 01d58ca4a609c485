import type { Command } from "commander";
import { discardSession } from "../../controller/discard-session.js";
import type { Controller } from "../../controller/controller.js";
import type { SessionId } from "../../core/ids.js";
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
  else context.stdout.write(`${session} discarded: ${await toOutcome(controller, session)}\n`);
  if (leftover !== undefined)
    controller.notice(
      `sandbox: ${leftover.reason}\n  hint: what is left of it there goes with \`sandbox prune\`, when the daemon answers`,
    );
  return 0;
}

/** What is left of it in the person's files: what was committed and not rolled back stays. */
async function toOutcome({ store }: Controller, session: SessionId): Promise<string> {
  const { commits } = await store.listCommits();
  const stands = commits.some(
    (one) =>
      one.session === session &&
      one.undoes === undefined &&
      (one.state === "sealed" || one.state === "partly-rolled-back"),
  );
  return stands
    ? "what was not committed is gone, what was committed stays"
    : "its changes are gone, your files are as they were";
}
