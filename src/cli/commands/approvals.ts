import type { Command } from "commander";
import { isOfSession } from "../../controller/approvals/approval-desk.js";
import { SandboxError } from "../../core/error.js";
import { openDesk, resolveApproval } from "../approval-target.js";
import type { CliCommand } from "../cli-command.js";
import { type CliContext, columnsOf, wantsColour } from "../cli-context.js";
import { printPaged } from "../pager.js";
import { renderApproval, renderApprovals, toApprovalObject } from "../render-approval.js";
import { addServiceOptions, type ServiceOptions } from "../service-client.js";
import { writeJson } from "../to-json.js";

interface ApprovalsOptions extends ServiceOptions {
  readonly all?: true;
  readonly session?: string;
  readonly json?: true;
}

/** `sandbox approvals` and `sandbox approvals show A`. */
export const approvalsCommand: CliCommand = { define, act };

function define(command: Command): void {
  addServiceOptions(command)
    .usage("[options] | show [options] APPROVAL")
    .argument("[what]", "show: one of them, with exactly what would be done")
    .argument("[approval]", "an id, or the beginning of one")
    .option("-a, --all", "also those that are answered or expired")
    .option("--session <session>", "only those of this session's id")
    .option("--json", "for programs")
    .addHelpText(
      "after",
      "\nExample:\n  sandbox approvals\n  sandbox approvals show a-2o76pjgfu3\n  sandbox approve a-2o76pjgfu3 --note 'looked at it'\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const [what, text] = command.args;
  const options = command.opts<ApprovalsOptions>();
  if (what !== undefined && (what !== "show" || text === undefined))
    throw new SandboxError("usage", "approvals takes nothing, or: show APPROVAL");
  using desk = await openDesk(context, options);
  if (text !== undefined) {
    const one = await resolveApproval(desk, text);
    if (options.json === true) writeJson(context.stdout, "approval", one);
    else await printPaged(context, [renderApproval(one)]);
    return 0;
  }
  const { session } = options;
  const approvals = (await desk.list({ all: options.all === true })).filter(
    (one) => session === undefined || isOfSession(one, session),
  );
  if (options.json === true)
    writeJson(context.stdout, "approvals", { approvals: approvals.map(toApprovalObject) });
  else if (approvals.length === 0) context.stderr.write("nothing waits for an approval\n");
  else
    context.stdout.write(
      renderApprovals(approvals, {
        colour: wantsColour(context, context.stdout),
        ...(context.stdout.isTTY === true ? { width: columnsOf(context.stdout) } : {}),
      }),
    );
  return 0;
}
