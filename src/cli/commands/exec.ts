import type { Command } from "commander";
import { execTask } from "../../controller/exec-task.js";
import { toApprove } from "../ask.js";
import { type CliCommand, collect } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { reportRun } from "../report-run.js";
import { resolveSession } from "../resolve-reference.js";
import { addTtyOptions } from "../task-options.js";
import { chooseTerminal, withTaskIo } from "../task-io.js";

interface ExecOptions {
  readonly env?: readonly string[];
  readonly timeout?: string;
  readonly json?: true;
  readonly tty?: boolean;
}

/** `sandbox exec`. */
export const execCommand: CliCommand = { define, act };

function define(command: Command): void {
  addTtyOptions(command)
    .usage("[options] SESSION -- COMMAND [ARG...]")
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .argument("<command...>", "the task's program and its arguments")
    .option("--env <name[=value]>", "pass or set a variable (repeatable)", collect)
    .option("--timeout <time>", "end the task after this time, e.g. 90s, 10m")
    .option("--json", "the result as JSON on stdout; the task's output goes to stderr")
    .addHelpText("after", "\nExample:\n  sandbox exec latest -- make test\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<ExecOptions>();
  const json = options.json === true;
  const terminal = chooseTerminal(context, { wanted: options.tty, json });
  const [text = "", ...rest] = command.args;
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, { text, purpose: "change" });
  const request = {
    session,
    command: rest,
    env: options.env ?? [],
    timeout: options.timeout,
    terminal,
    approve: toApprove(context, json),
  };
  const result = await withTaskIo(context, { terminal, json }, (io) =>
    execTask(controller, request, io),
  );
  return reportRun(result, { context, controller, json, commit: "never" });
}
