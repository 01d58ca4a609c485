import type { Command } from "commander";
import type { CommitRequest } from "../../controller/commit-request.js";
import { type OpenCommit, openCommit } from "../../controller/open-commit.js";
import type { Controller } from "../../controller/controller.js";
import { SandboxError } from "../../core/error.js";
import type { SessionRecord } from "../../core/session.js";
import { type CliCommand, collect } from "../cli-command.js";
import { type CliContext, canAsk } from "../cli-context.js";
import { type Approval, decideCommit } from "../decide-commit.js";
import { resolveSession } from "../resolve-reference.js";
import { showPlan, tellAnswer } from "../tell-commit.js";

interface CommitOptions {
  readonly reviewed?: true;
  readonly hunks?: readonly string[];
  readonly merge?: true;
  readonly markers?: true;
  readonly ours?: readonly string[];
  readonly theirs?: readonly string[];
  readonly dryRun?: true;
  readonly all?: true;
  readonly yes?: true;
  readonly overBudget?: true;
  readonly json?: true;
}

/** `sandbox commit`. */
export const commitCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .argument("<session>", "an id, a prefix of it, a name, or latest")
    .argument("[path...]", "only what lies at or below these host paths")
    .option("--all", "every pending change (what no PATH means, said explicitly)")
    .option("--reviewed", "only what `sandbox review` approved")
    .option("--hunks <path:hunks>", "of PATH only these: 1,3-5, 2.1 or mode (repeatable)", collect)
    .option("--merge", "merge text files that you edited too, where no line is in conflict")
    .option("--markers", "with --merge: leave markers where lines conflict")
    .option("--ours <path>", "keep yours at PATH; the task's stays in the session", collect)
    .option("--theirs <path>", "take the task's at PATH, whatever is there now", collect)
    .option("--dry-run", "show the plan, write nothing")
    .option(
      "-y, --yes",
      "approve what policy asks about; what runs later must be named as PATH too",
    )
    .option("--over-budget", "with --yes: also what goes over a budget of the profile")
    .option("--json", "the result, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox commit latest --dry-run\n  sandbox commit latest src/ --yes\n  sandbox commit latest --hunks src/main.c:1,3\n  sandbox commit latest --merge --theirs notes.txt\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const options = command.opts<CommitOptions>();
  const [text = "", ...paths] = command.args;
  refuseTogether(options, paths);
  const controller = await context.openController();
  const record = await resolveSession(context, controller, { text, purpose: "change" });
  const { session } = record;
  tellInterrupted(controller, record);
  const approval = toApproval(context, options);
  const asks = options.dryRun === true || approval === "ask";
  const request = { session, paths, ...toWays(options) };
  await using open = await openCommit(controller, { ...request, asks });
  if (options.dryRun === true)
    return showPlan(context, open.proposal, { json: options.json === true, dryRun: true });
  const json = options.json === true;
  const overBudget = options.overBudget === true;
  return await decide(context, { controller, open, approval, overBudget, json });
}

/** What it left may be half of what it meant to do. It can be committed as any other. */
function tellInterrupted(controller: Controller, { state, session, reason }: SessionRecord): void {
  if (state !== "interrupted") return;
  const why = reason === undefined ? "" : ` (${reason})`;
  controller.notice(`sandbox: the task of ${session} was interrupted${why}: look at what it left`);
}

async function decide(
  context: CliContext,
  asked: {
    readonly controller: Controller;
    readonly open: OpenCommit;
    readonly approval: Approval;
    readonly overBudget: boolean;
    readonly json: boolean;
  },
): Promise<number> {
  const { json } = asked;
  const result = await decideCommit(context, asked);
  if (result.answer === "declined")
    throw new SandboxError("denied", "not approved; nothing was written");
  return tellAnswer(context, result, { json });
}

/** Throws `usage` for options that contradict one another. */
function refuseTogether(options: CommitOptions, paths: readonly string[]): void {
  const { all, reviewed, hunks, ours, theirs, merge, markers, overBudget, yes } = options;
  const refuse = (isWrong: boolean, why: string): void => {
    if (isWrong) throw new SandboxError("usage", why);
  };
  refuse(overBudget === true && yes !== true, "--over-budget is for --yes: give that too");
  const isNarrow = paths.length > 0 || hunks !== undefined || reviewed === true;
  refuse(all === true && isNarrow, "--all and PATHs, --hunks or --reviewed exclude each other");
  const ways = [hunks, ours, theirs, merge].some((way) => way !== undefined);
  refuse(
    reviewed === true && ways,
    "--reviewed takes each file as the review left it: no --hunks, --merge, --ours, --theirs",
  );
  refuse(markers === true && merge !== true, "--markers says how to --merge: give that too");
}

function toWays(options: CommitOptions): Omit<CommitRequest, "session" | "paths"> {
  const { hunks = [], ours = [], theirs = [], reviewed = false } = options;
  const merge = options.markers === true ? "markers" : options.merge === true ? "clean" : "no";
  return { hunks, ours, theirs, reviewed, merge };
}

function toApproval(context: CliContext, options: CommitOptions): Approval {
  if (options.yes === true) return "yes";
  return canAsk(context) && options.json !== true ? "ask" : "policy";
}
