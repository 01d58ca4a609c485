import type { Command } from "commander";
import { type InitReport, initProject } from "../../controller/init-project.js";
import { neutralise } from "../../review/neutralise.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { writeJson } from "../to-json.js";

interface InitOptions {
  readonly dir?: string;
  readonly force?: true;
  readonly dryRun?: true;
  readonly print?: true;
  readonly json?: true;
}

/** `sandbox init`. */
export const initCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("--dir <path>", "the project (default: the current directory)")
    .option("--force", "replace a .sandbox.yaml that is there")
    .option("-n, --dry-run", "write nothing: say what was found")
    .option("--print", "write nothing: the file on stdout")
    .option("--json", "as JSON on stdout")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox init --print\n  sandbox init && sandbox policy explain\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const { dir, force, dryRun, print, json } = command.opts<InitOptions>();
  const controller = await context.openController();
  const report = await initProject(controller, {
    dir,
    force: force === true,
    dryRun: dryRun === true || print === true,
  });
  if (json === true) {
    const { file, written, found, hidden, readonly, text } = report;
    writeJson(context.stdout, "init", { file, written, found, hidden, readonly, text });
    return 0;
  }
  const told = print === true ? context.stderr : context.stdout;
  for (const line of describe(report)) told.write(`${line}\n`);
  if (print === true) context.stdout.write(report.text);
  return 0;
}

function describe({ file, written, found, hidden, readonly }: InitReport): readonly string[] {
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "nothing" : names.join(", ");
  return [
    `found      ${list(found)}`,
    `hidden     ${list(hidden)}`,
    `read only  ${list(readonly)}`,
    `${written ? "wrote" : "not written:"} ${neutralise(file)}`,
    ...(written ? ["  sandbox policy explain   what runs here may do now"] : []),
  ];
}
