import type { Command } from "commander";
import { SandboxError } from "../../core/error.js";
import { type CliCommand, rawWords } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { parseAction } from "../parse-service-answer.js";
import { addServiceOptions, openService, type ServiceOptions } from "../service-client.js";
import { addTaskOptions, type TaskOptions, toTaskRequest } from "../task-options.js";
import { writeJson } from "../to-json.js";
import { waitForAction } from "../wait-for-action.js";

interface SubmitOptions extends TaskOptions, ServiceOptions {
  readonly commit: "auto" | "never";
  readonly priority: string;
  readonly deadline?: string;
  readonly reviewed?: true;
  readonly merge?: true;
  readonly wait?: true;
  readonly json?: true;
}

/** `sandbox submit`. */
export const submitCommand: CliCommand = { define, act };

function define(command: Command): void {
  addServiceOptions(addTaskOptions(command))
    .usage(
      "[options] -- COMMAND [ARG...] | commit SESSION [PATH...] | exec SESSION -- COMMAND... | rollback COMMIT | discard SESSION",
    )
    .argument("<what...>", "a task as of run, or an action on a session or commit")
    .option("--commit <when>", "of a task: auto or never", parseWhen, "never")
    .option("--reviewed", "of commit: only what `sandbox review` approved")
    .option("--merge", "of commit: merge text files that you edited too")
    .option("--priority <number>", "-10 to 10; higher goes first", "0")
    .option("--deadline <time>", "ISO 8601; what has not ended by then is ended")
    .option("--wait", "wait for its end and exit as it does")
    .option("--json", "the action, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox submit --dir ~/project -- make test\n  sandbox submit --wait commit latest\n",
    );
}

function parseWhen(value: string): string {
  if (value === "auto" || value === "never") return value;
  throw new SandboxError("usage", `--commit: auto or never, not ${value}`);
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<SubmitOptions>();
  const priority = Number(options.priority);
  if (!Number.isInteger(priority) || Math.abs(priority) > 10)
    throw new SandboxError("usage", `--priority: -10 to 10, not ${options.priority}`);
  const { deadline } = options;
  if (deadline !== undefined && Number.isNaN(Date.parse(deadline)))
    throw new SandboxError(
      "usage",
      `--deadline: a time such as 2030-01-01T12:00:00Z, not ${deadline}`,
    );
  if (deadline !== undefined && Date.parse(deadline) <= Date.now())
    throw new SandboxError("usage", `--deadline: ${deadline} is over already`, {
      hint: "nothing was submitted",
    });
  const { invokerPath } = await context.openController();
  const request = { ...toRequest(command, context, options), cwd: context.cwd };
  const needsPath = request.kind === "run" || request.kind === "exec";
  const call = await openService(context, options);
  const body = {
    request: needsPath ? { ...request, path: invokerPath } : request,
    priority,
    ...(deadline === undefined ? {} : { deadline: new Date(deadline).toISOString() }),
  };
  const record = parseAction(await call({ method: "POST", path: "/v1/actions", body }));
  const json = options.json === true;
  if (options.wait === true) return await waitForAction(context, call, { id: record.action, json });
  if (json) writeJson(context.stdout, "action", record);
  else context.stdout.write(`${record.action}\n`);
  return 0;
}

function toRequest(
  command: Command,
  context: CliContext,
  options: SubmitOptions,
): { readonly kind: string; readonly [field: string]: unknown } {
  const [verb = "", target = "", ...rest] = command.args;
  if (isTask(command)) {
    const task = toTaskRequest(options);
    const env = task.env.map((text) => withValue(context, text));
    return { kind: "run", ...task, env, command: command.args, commit: options.commit };
  }
  if (target === "") throw ACTIONS.has(verb) ? missingTarget(verb) : wrongAction(verb);
  switch (verb) {
    case "commit": {
      const merge = options.merge === true ? "clean" : "no";
      return {
        kind: verb,
        session: target,
        paths: rest,
        reviewed: options.reviewed === true,
        merge,
      };
    }
    case "rollback":
      return { kind: verb, commit: target, paths: rest };
    case "discard":
      return { kind: verb, session: target };
    case "exec": {
      const { env = [], timeout } = options;
      const given = env.map((text) => withValue(context, text));
      return { kind: verb, session: target, command: rest, env: given, timeout };
    }
    default:
      throw wrongAction(verb);
  }
}

/** `--` before the first word: a task, whatever it is called. */
function isTask(command: Command): boolean {
  const words = rawWords(command);
  const end = words.indexOf("--");
  return end >= 0 && words.length - end - 1 === command.args.length;
}

/** A variable of whoever asks: the service has its own. */
function withValue({ env }: CliContext, text: string): string {
  const value = env[text];
  return text.includes("=") || value === undefined ? text : `${text}=${value}`;
}

const ACTIONS: ReadonlySet<string> = new Set(["commit", "exec", "rollback", "discard"]);

function missingTarget(verb: string): SandboxError {
  const what = verb === "rollback" ? "COMMIT" : "SESSION";
  return new SandboxError("usage", `submit ${verb}: name its ${what}`, {
    hint: `sandbox submit ${verb} latest; a task called ${verb} comes behind --`,
  });
}

function wrongAction(verb: string): SandboxError {
  return new SandboxError("usage", `submit ${verb}: not an action`, {
    hint: "a task comes behind --; else: commit SESSION, exec SESSION -- COMMAND, rollback COMMIT, discard SESSION",
  });
}
