import type { Command } from "commander";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { addServiceOptions, openService, type ServiceOptions } from "../service-client.js";
import { waitForAction } from "../wait-for-action.js";

/** `sandbox wait`. */
export const waitCommand: CliCommand = { define, act };

function define(command: Command): void {
  addServiceOptions(command)
    .argument("<action>", "an action's id")
    .option("--json", "the action, for programs")
    .addHelpText("after", "\nExample:\n  sandbox wait q-2o76pjgfu3\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ServiceOptions & { readonly json?: true }>();
  const call = await openService(context, options);
  const [id = ""] = command.args;
  return await waitForAction(context, call, { id, json: options.json === true });
}
