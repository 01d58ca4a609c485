import type { Command } from "commander";
import { SandboxError } from "../../core/error.js";
import type { CliCommand } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { renderCompletion } from "../completion/render-completion.js";

/** `sandbox completion`. */
export const completionCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<shell>", "bash, zsh or fish")
    .addHelpText(
      "after",
      '\nExample:\n  sandbox completion bash > ~/.local/share/bash-completion/completions/sandbox\n  eval "$(sandbox completion zsh)"\n',
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const shell = command.args[0];
  if (shell !== "bash" && shell !== "zsh" && shell !== "fish")
    throw new SandboxError("usage", `completion: bash, zsh or fish, not ${shell ?? ""}`);
  context.stdout.write(renderCompletion(shell, await context.completionTable()));
  return 0;
}
