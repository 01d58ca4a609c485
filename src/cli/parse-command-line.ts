import { Command, CommanderError } from "commander";
import { SandboxError } from "../core/error.js";
import type { CliContext } from "./cli-context.js";
import { COMMANDS, type RegisteredCommand } from "./registry.js";

/**
 * Parses `argv` (without node and script) and carries the command out; resolves with its exit code.
 * Throws `usage` with one line for anything that is not of the contract.
 */
export async function runCommandLine(
  argv: readonly string[],
  context: CliContext,
): Promise<number> {
  const named = COMMANDS.find((entry) => entry.name === argv[0]);
  if (named !== undefined) return runNamed(named, argv.slice(1), context);
  const [first, topic] = argv;
  if (first === "help" && topic !== undefined) return runNamed(find(topic), ["--help"], context);
  if (first !== undefined && !first.startsWith("-") && first !== "help") throw unknown(first);
  return runProgram(argv, context, toProgram(context));
}

/** No subcommand: help or version. */
async function runProgram(
  argv: readonly string[],
  context: CliContext,
  program: Command,
): Promise<number> {
  const [first] = argv;
  if (first === undefined || first === "help") {
    (first === undefined ? context.stderr : context.stdout).write(program.helpInformation());
    return first === undefined ? 2 : 0;
  }
  return caught("sandbox", async () => {
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  });
}

function find(name: string): RegisteredCommand {
  const entry = COMMANDS.find((one) => one.name === name);
  if (entry === undefined) throw unknown(name);
  return entry;
}

async function runNamed(
  entry: RegisteredCommand,
  argv: readonly string[],
  context: CliContext,
): Promise<number> {
  const implementation = await entry.load();
  const command = toCommand(entry, context);
  implementation.define(command);
  let exit = 0;
  command.action(async () => {
    exit = await implementation.act(command, context);
  });
  return caught(command.name(), async () => {
    const words = implementation.rewrite?.(argv, command) ?? argv;
    await command.parseAsync([...words], { from: "user" });
    return exit;
  });
}

/** The commander command of `entry`, without its own options yet. */
export function toCommand(
  entry: RegisteredCommand,
  context: Pick<CliContext, "stdout" | "stderr">,
): Command {
  return new Command(`sandbox ${entry.name}`)
    .description(entry.summary)
    .exitOverride()
    .helpOption("-h, --help", "show this help")
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: () => undefined,
    });
}

function toProgram(context: CliContext): Command {
  const program = new Command("sandbox")
    .description(
      "Run an agent's task in a disposable container over a copy-on-write overlay of your files; " +
        "review what it changed; commit only what you approve, all or nothing; undo it.",
    )
    .usage("COMMAND [options]")
    .exitOverride()
    .version(context.version, "-V, --version", "show the version")
    .helpOption("-h, --help", "show this help")
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: () => undefined,
    })
    .action(() => undefined);
  for (const entry of COMMANDS)
    program.command(entry.name, { hidden: entry.hidden === true }).description(entry.summary);
  program.addHelpText(
    "after",
    "\nExample:\n  sandbox run -- sh -c 'make test'\n  sandbox diff latest\n  sandbox commit latest\n" +
      "\n`sandbox COMMAND --help` shows a command's options and an example.",
  );
  return program;
}

/** Commander's own way out (help, version, a wrong option) as ours. */
async function caught(name: string, parse: () => Promise<number>): Promise<number> {
  try {
    return await parse();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    const message = error.message.replace(/^error: /, "").replaceAll("\n", " ");
    throw new SandboxError("usage", message, { hint: `\`${name} --help\` shows what is right` });
  }
}

function unknown(name: string): SandboxError {
  const names = COMMANDS.filter((entry) => entry.hidden !== true).map((entry) => entry.name);
  return new SandboxError("usage", `unknown command: ${name}`, {
    hint: `one of ${names.join(", ")}`,
  });
}
