import type { Command } from "commander";
import { runTask } from "../../controller/run-task.js";
import { SandboxError } from "../../core/error.js";
import { type CliCommand, collect } from "../cli-command.js";
import { type CliContext, canAsk } from "../cli-context.js";
import { toApprove } from "../ask.js";
import { joinReportWords } from "../ci/join-report-words.js";
import { collectReport, REPORT_FORMATS, type ReportTarget } from "../ci/report-target.js";
import { reportRun } from "../report-run.js";
import { addTaskOptions, addTtyOptions, type TaskOptions, toTaskRequest } from "../task-options.js";
import { chooseTerminal, withTaskIo } from "../task-io.js";

interface RunOptions extends TaskOptions {
  readonly commit?: "ask" | "auto" | "never";
  readonly json?: true;
  readonly tty?: boolean;
  readonly ci?: true;
  readonly report?: readonly ReportTarget[];
  readonly sshAgent?: readonly string[];
  readonly gitCredentials?: readonly string[];
}

/** `sandbox run`. */
export const runCommand: CliCommand = { define, rewrite: joinReportWords, act };

function define(command: Command): void {
  addTtyOptions(addTaskOptions(command))
    .usage("[options] -- COMMAND [ARG...]")
    .argument("<command...>", "the task's program and its arguments")
    .passThroughOptions()
    .option(
      "--ssh-agent <host[:port]>",
      "signatures of your ssh agent for logins at HOST, which is allowed too (repeatable)",
      collect,
    )
    .option(
      "--git-credentials <host[:port]>",
      "what your git knows for https://HOST, for fetching from it (repeatable)",
      collect,
    )
    .option("--commit <when>", "ask, auto or never (default: ask on a terminal)", parseWhen)
    .option("--json", "the result as JSON on stdout; the task's output goes to stderr")
    .option(
      "--ci",
      "no terminal, no questions: what policy asks about is denied; exits as docs/ci.md says",
    )
    .option(
      "--report <format:path>",
      `with --ci: ${REPORT_FORMATS.join(", ")}; also --report FORMAT PATH (repeatable)`,
      collectReport,
    )
    .addHelpText(
      "after",
      "\nExample:\n  sandbox run --dir ~/project --timeout 10m -- sh -c 'make test; echo fixed > notes.txt'\n",
    );
}

function toCredentials({ sshAgent = [], gitCredentials = [] }: RunOptions) {
  return { sshAgent, gitCredentials };
}

function parseWhen(value: string): string {
  if (value === "ask" || value === "auto" || value === "never") return value;
  throw new SandboxError("usage", `--commit: ask, auto or never, not ${value}`);
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<RunOptions>();
  const json = options.json === true;
  if (options.ci === true) return await actInCi(command, context, options);
  if (options.report !== undefined)
    throw new SandboxError("usage", "--report is for --ci", { hint: "add --ci" });
  const terminal = chooseTerminal(context, { wanted: options.tty, json });
  const controller = await context.openController();
  const result = await withTaskIo(context, { terminal, json }, (io) =>
    runTask(
      controller,
      {
        ...toTaskRequest(options),
        ...toCredentials(options),
        command: command.args,
        terminal,
        approve: toApprove(context, json),
      },
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

async function actInCi(
  command: Command,
  context: CliContext,
  options: RunOptions,
): Promise<number> {
  if (options.tty === true || options.commit === "ask")
    throw new SandboxError("usage", "--ci has no terminal and asks nobody", {
      hint: "leave out --tty, and --commit ask; --commit auto commits what policy allows",
    });
  const { runInCi } = await import("../ci/run-in-ci.js");
  return await runInCi(context, {
    request: {
      ...toTaskRequest(options),
      ...toCredentials(options),
      command: command.args,
      terminal: false,
      isUnattended: true,
      approve: async () => false,
    },
    reports: options.report ?? [],
    commit: options.commit ?? "never",
    json: options.json === true,
  });
}
