import type { Command } from "commander";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { parseAction } from "../parse-service-answer.js";
import { renderAction } from "../render-action.js";
import { addServiceOptions, openService, type ServiceOptions } from "../service-client.js";
import { writeJson } from "../to-json.js";

/** `sandbox cancel`. */
export const cancelCommand: CliCommand = { define, act };

function define(command: Command): void {
  addServiceOptions(command)
    .argument("<action>", "an action's id")
    .option("--json", "the action, for programs")
    .addHelpText("after", "\nExample:\n  sandbox cancel q-2o76pjgfu3\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ServiceOptions & { readonly json?: true }>();
  const call = await openService(context, options);
  const path = `/v1/actions/${encodeURIComponent(command.args[0] ?? "")}`;
  const record = parseAction(await call({ method: "DELETE", path }));
  if (options.json === true) writeJson(context.stdout, "action", record);
  else if (record.state === "running")
    context.stdout.write(
      `${record.action} was told to end; sandbox wait ${record.action} waits for that\n`,
    );
  else context.stdout.write(renderAction(record));
  return 0;
}
