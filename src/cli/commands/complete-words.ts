import type { Command } from "commander";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";

/** `sandbox __complete sessions|commits`: one word a line, newest first; never an error on somebody's prompt. */
export const completeWordsCommand: CliCommand = { define, act };

function define(command: Command): void {
  command.argument("<what>", "sessions or commits");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const controller = await context.openController();
  const words =
    command.args[0] === "commits"
      ? (await controller.store.listCommits()).commits.map((record) => record.commit)
      : (await controller.store.listSessions()).sessions.flatMap((record) =>
          record.name === undefined ? [record.session] : [record.session, record.name],
        );
  for (const word of words.toReversed()) context.stdout.write(`${word}\n`);
  return 0;
}
