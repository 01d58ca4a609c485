import type { Command } from "commander";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, columnsOf, wantsColour } from "../cli-context.js";
import { parseQueue } from "../parse-service-answer.js";
import { renderActions } from "../render-action.js";
import { addServiceOptions, openService, type ServiceOptions } from "../service-client.js";
import { writeJson } from "../to-json.js";

/** `sandbox queue`. */
export const queueCommand: CliCommand = { define, act };

function define(command: Command): void {
  addServiceOptions(command)
    .option("-a, --all", "also what has ended, the newest thousand")
    .option("--json", "for programs")
    .addHelpText("after", "\nExample:\n  sandbox queue --all\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ServiceOptions & { readonly all?: true; readonly json?: true }>();
  const call = await openService(context, options);
  const path = options.all === true ? "/v1/actions?all=true" : "/v1/actions";
  const actions = parseQueue(await call({ method: "GET", path }));
  if (options.json === true) writeJson(context.stdout, "queue", { actions });
  else if (actions.length === 0) context.stderr.write("nothing waits or runs\n");
  else
    context.stdout.write(
      renderActions(actions, {
        colour: wantsColour(context, context.stdout),
        ...(context.stdout.isTTY === true ? { width: columnsOf(context.stdout) } : {}),
      }),
    );
  return 0;
}
