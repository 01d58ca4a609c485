import type { Command } from "commander";
import type { Controller } from "../../controller/controller.js";
import { type DecidedReview, saveReview } from "../../controller/save-review.js";
import type { SessionId } from "../../core/ids.js";
import { isAnswered, isApproval } from "../../core/saved-decision.js";
import { formatCount } from "../../review/format-units.js";
import { type CliCommand, collect } from "../cli-command.js";
import { type CliContext, canAsk } from "../cli-context.js";
import { reviewAndCommit } from "../decide-commit.js";
import { resolveSession } from "../resolve-reference.js";
import { tellAnswer } from "../tell-commit.js";
import { toPath, writeJson } from "../to-json.js";

interface ReviewOptions {
  readonly approve?: readonly string[];
  readonly reject?: readonly string[];
  readonly json?: true;
}

/** `sandbox review`. */
export const reviewCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .option(
      "--approve <path[:hunks]>",
      "approve PATH, or hunks of it as diff numbers them",
      collect,
    )
    .option("--reject <path>", "do not commit PATH for now: it stays pending", collect)
    .option("--json", "what is decided, for programs")
    .addHelpText(
      "after",
      "\nOn a terminal, without --approve and --reject: asks file by file and hunk by hunk (? tells the keys).\n\nExample:\n  sandbox review latest\n  sandbox review latest --approve src/main.c:1,3 --approve docs\n  sandbox commit latest --reviewed\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const { approve = [], reject = [], json } = command.opts<ReviewOptions>();
  const [text = ""] = command.args;
  const controller = await context.openController();
  const { session } = await resolveSession(context, controller, { text, purpose: "change" });
  if (approve.length + reject.length === 0 && json !== true && isAtTerminal(context))
    return await reviewHere(context, controller, session);
  const decided = await saveReview(controller, { session, approve, reject });
  if (json === true) printJson(context, decided);
  else print(context, decided);
  return 0;
}

function isAtTerminal(context: CliContext): boolean {
  return canAsk(context) && context.isTerminal(1);
}

/** Asks about what nobody has answered yet, then whether to commit what was approved. */
async function reviewHere(
  context: CliContext,
  controller: Controller,
  session: SessionId,
): Promise<number> {
  const result = await reviewAndCommit(context, controller, { session, paths: [] });
  if (result.answer !== "declined") return tellAnswer(context, result, { json: false });
  print(context, await saveReview(controller, { session, approve: [], reject: [] }));
  return 0;
}

function print(context: CliContext, { review, decisions }: DecidedReview): void {
  const all = [...decisions.values()];
  const approved = all.filter(isApproval).length;
  const rejected = all.filter((one) => !isApproval(one) && isAnswered(one)).length;
  const parts = [
    `${formatCount(approved, "change")} approved`,
    `${rejected} rejected`,
    `${review.items.length - approved - rejected} undecided`,
  ];
  context.stdout.write(`${parts.join(", ")}\n`);
  const { session } = review.record;
  context.stdout.write(
    approved === 0
      ? `  sandbox review ${session}  on a terminal asks about each; elsewhere --approve PATH[:HUNKS]\n`
      : `  sandbox commit ${session} --reviewed  apply what was approved\n`,
  );
}

function printJson(context: CliContext, { review, decisions }: DecidedReview): void {
  writeJson(context.stdout, "review", {
    session: review.record.session,
    digest: review.changeset.digest,
    changes: review.items.map(({ change }) => ({
      ...toPath(review.changeset.workspaces, change),
      digest: change.digest,
      verdict: decisions.get(change.digest)?.verdict ?? "undecided",
    })),
  });
}
