import type { Command } from "commander";
import { answerApprovals, defineAnswer } from "../answer-approvals.js";
import type { CliCommand } from "../cli-command.js";

/** `sandbox deny`. */
export const denyCommand: CliCommand = {
  define: (command: Command) => {
    defineAnswer(command).addHelpText(
      "after",
      "\nExample:\n  sandbox deny a-2o76pjgfu3 --note 'not in this project'\n",
    );
  },
  act: (command, context) => answerApprovals(command, context, "denied"),
};
