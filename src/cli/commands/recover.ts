import type { Command } from "commander";
import { recoverWorkspaces, type Recovered } from "../../controller/recover-workspaces.js";
import type { Controller } from "../../controller/controller.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { neutraliseName } from "../../review/neutralise.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { renderError } from "../render-error.js";
import { toPath, writeJson } from "../to-json.js";

/** `sandbox recover`. */
export const recoverCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .option("--json", "the result, for programs")
    .addHelpText("after", "\nExample:\n  sandbox recover\n");
}

async function act(command: Command, context: CliContext): Promise<number> {
  const controller = await context.openController();
  const { recovered, failed } = await recoverWorkspaces(controller, undefined);
  if (command.opts<{ readonly json?: true }>().json === true)
    writeJson(context.stdout, "recover", { commits: recovered.map(toObject) });
  else report(context, controller, recovered);
  for (const { error } of failed) await renderError(error, context, false);
  if (failed.length > 0) return EXIT_CODES.unexpected;
  const isLeft = recovered.some(({ report: { left } }) => left.length > 0);
  return isLeft ? EXIT_CODES.conflict : 0;
}

function report(
  context: CliContext,
  controller: Controller,
  recovered: readonly Recovered[],
): void {
  if (recovered.length === 0) controller.notice("no interrupted commit");
  for (const { commit, report: done } of recovered) {
    context.stdout.write(`${commit}: ${done.outcome}\n`);
    for (const { path, reason } of done.left)
      context.stdout.write(`  left: ${neutraliseName(path)}: ${neutraliseName(reason)}\n`);
  }
}

function toObject({ commit, report: { outcome, left, workspaces } }: Recovered): object {
  return {
    commit,
    outcome,
    left: left.map((entry) => ({ ...toPath(workspaces, entry), reason: entry.reason })),
  };
}
