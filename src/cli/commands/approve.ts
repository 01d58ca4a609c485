import type { Command } from "commander";
import { answerApprovals, defineAnswer } from "../answer-approvals.js";
import type { CliCommand } from "../cli-command.js";

/** `sandbox approve`. */
export const approveCommand: CliCommand = {
  define: (command: Command) => {
    defineAnswer(command)
      .option(
        "--digest <digest>",
        "the digest of what you saw, or its beginning (8 digits or more)",
      )
      .option("-y, --yes", "do not ask; not for what runs later on this host")
      .addHelpText(
        "after",
        "\nExample:\n  sandbox approve a-2o76pjgfu3 --note 'looked at it'\n  sandbox approve --group commit --yes\n",
      );
  },
  act: (command, context) => answerApprovals(command, context, "approved"),
};
