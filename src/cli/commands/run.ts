import type { Command } from "commander";
import type { RunRequest } from "../../controller/run-request.js";
import { runTask } from "../../controller/run-task.js";
import { SandboxError } from "../../core/error.js";
import { type CliCommand, collect } from "../cli-command.js";
import { type CliContext, canAsk } from "../cli-context.js";
import { toApprove } from "../ask.js";
import { reportRun } from "../report-run.js";
import { chooseTerminal, withTaskIo } from "../task-io.js";

interface RunOptions {
  readonly profile?: string;
  readonly dir?: readonly string[];
  readonly engine?: string;
  readonly runtime?: string;
  readonly image?: string;
  readonly network: string;
  readonly env?: readonly string[];
  readonly ro?: readonly string[];
  readonly hide?: readonly string[];
  readonly tool?: readonly string[];
  readonly timeout?: string;
  readonly memory?: string;
  readonly cpus?: string;
  readonly pids?: string;
  readonly disk?: string;
  readonly commit?: "ask" | "auto" | "never";
  readonly name?: string;
  readonly json?: true;
  readonly tty?: boolean;
}

/** `sandbox run`. */
export const runCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .usage("[options] -- COMMAND [ARG...]")
    .argument("<command...>", "the task's program and its arguments")
    .passThroughOptions()
    .option("--profile <name|file>", "what the task may do (default: default; see sandbox policy)")
    .option("--dir <path>", "workspace (default: the current directory; repeatable)", collect)
    .option("--ro <path>", "mount PATH readable only (repeatable)", collect)
    .option("--hide <path>", "hide PATH from the task (repeatable; * and ? match)", collect)
    .option("--tool <path>", "mount a tool's directory readable only (repeatable)", collect)
    .option("--env <name[=value]>", "pass or set a variable (repeatable)", collect)
    .option("--engine <name>", "oci or docker (default: oci)")
    .option("--runtime <name>", "crun, runc or runsc; of docker, one its daemon has")
    .option(
      "--image <reference>",
      "root filesystem: an image of the daemon, an archive, an OCI layout",
    )
    .option("--network <mode>", "none", "none")
    .option("--timeout <time>", "end the task after this time, e.g. 90s, 10m")
    .option("--memory <size>", "e.g. 512MiB, 4GiB")
    .option("--cpus <number>", "e.g. 1.5")
    .option("--pids <number>", "how many processes at once (default 4096)")
    .option("--disk <size>", "how much the task may write to its layers, e.g. 10GiB")
    .option("--commit <when>", "ask, auto or never (default: ask on a terminal)", parseWhen)
    .option("--name <name>", "a name for the session")
    .option("--json", "the result as JSON on stdout; the task's output goes to stderr")
    .option("-t, --tty", "give the task a terminal (default: if stdin and stdout are one)")
    .option("-T, --no-tty", "give it none")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox run --dir ~/project --timeout 10m -- sh -c 'make test; echo fixed > notes.txt'\n",
    );
}

function parseWhen(value: string): string {
  if (value === "ask" || value === "auto" || value === "never") return value;
  throw new SandboxError("usage", `--commit: ask, auto or never, not ${value}`);
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<RunOptions>();
  if (options.network !== "none")
    throw new SandboxError("usage", `--network ${options.network}: this version has only none`);
  const json = options.json === true;
  const terminal = chooseTerminal(context, { wanted: options.tty, json });
  const controller = await context.openController();
  const result = await withTaskIo(context, { terminal, json }, (io) =>
    runTask(
      controller,
      { ...toRequest(command.args, options, terminal), approve: toApprove(context, json) },
      io,
    ),
  );
  return reportRun(result, {
    context,
    controller,
    json,
    commit: options.commit ?? (canAsk(context) && !json ? "ask" : "never"),
  });
}

function toRequest(args: readonly string[], options: RunOptions, terminal: boolean): RunRequest {
  return {
    command: args,
    profile: options.profile,
    dirs: options.dir ?? [],
    engine: options.engine,
    runtime: options.runtime,
    image: options.image,
    env: options.env ?? [],
    readOnly: options.ro ?? [],
    hide: options.hide ?? [],
    tools: options.tool ?? [],
    timeout: options.timeout,
    memory: options.memory,
    cpus: options.cpus,
    pids: options.pids,
    upper: options.disk,
    name: options.name,
    terminal,
  };
}
