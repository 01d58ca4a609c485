import type { Command } from "commander";
import { type ApprovalDesk, isOfSession } from "../controller/approvals/approval-desk.js";
import { RUNS_LATER_GROUP } from "../controller/approvals/commit-approval.js";
import type { Approval } from "../core/approval.js";
import { SandboxError } from "../core/error.js";
import { neutralise } from "../review/neutralise.js";
import { openDesk, resolveApproval } from "./approval-target.js";
import { ask } from "./ask.js";
import { type CliContext, canAsk } from "./cli-context.js";
import { renderApproval, toApprovalObject } from "./render-approval.js";
import { addServiceOptions, type ServiceOptions } from "./service-client.js";
import { writeJson } from "./to-json.js";

interface AnswerOptions extends ServiceOptions {
  readonly note?: string;
  readonly digest?: string;
  readonly yes?: true;
  readonly group?: string;
  readonly session?: string;
  readonly json?: true;
}

type Answer = "approved" | "denied";

/** What `approve` and `deny` have in common. */
export function defineAnswer(command: Command): Command {
  return addServiceOptions(command)
    .argument("[approval...]", "ids, or the beginnings of some")
    .option("--group <group>", "all that wait and are of this group, e.g. of one rule")
    .option("--session <session>", "all that wait and are of this session's id")
    .option("--note <text>", "why; kept with the answer")
    .option("--json", "the result, for programs");
}

/** Answers what was named. Approving takes a look: on a terminal at what is shown, elsewhere by the digest of it. */
export async function answerApprovals(
  command: Command,
  context: CliContext,
  answer: Answer,
): Promise<number> {
  const options = command.opts<AnswerOptions>();
  using desk = await openDesk(context, options);
  const chosen = await choose(desk, command.args, options);
  const answered: Approval[] = [];
  for (const one of chosen) {
    if (answer === "approved" && !(await isSeen(context, one, options))) continue;
    const { note } = options;
    const { digest } = one;
    const said = { answer, digest, ...(note === undefined ? {} : { note }) };
    answered.push(await desk.answer(one.approval, said));
  }
  tell(context, answered, options);
  if (answered.length < chosen.length)
    throw new SandboxError("denied", "not approved: it waits as before");
  return 0;
}

async function choose(
  desk: ApprovalDesk,
  texts: readonly string[],
  { group, session, digest }: AnswerOptions,
): Promise<readonly Approval[]> {
  if (group === undefined && session === undefined) {
    if (texts.length === 0)
      throw new SandboxError("usage", "which? Name an approval, --group or --session", {
        hint: "sandbox approvals lists them",
      });
    if (digest !== undefined && texts.length > 1)
      throw new SandboxError("usage", "--digest is of one approval");
    return await Promise.all(texts.map((text) => resolveApproval(desk, text)));
  }
  if (texts.length > 0 || digest !== undefined)
    throw new SandboxError("usage", "--group and --session go without names and --digest");
  const waiting = (await desk.list({ all: false })).filter(
    (one) =>
      (group === undefined || one.group === group) &&
      (session === undefined || isOfSession(one, session)),
  );
  if (waiting.length > 0)
    return await Promise.all(waiting.map(({ approval }) => desk.read(approval)));
  throw new SandboxError("not-found", "nothing that waits is of that group or session", {
    hint: "sandbox approvals lists what waits",
  });
}

/** Whether the person has looked at what is approved and says yes. Throws where nobody can have looked. */
async function isSeen(
  context: CliContext,
  one: Approval,
  options: AnswerOptions,
): Promise<boolean> {
  if (options.digest !== undefined) {
    matchDigest(one, options.digest);
    return true;
  }
  // Answered or expired: the answer is refused with the reason, whoever looked.
  if (one.state !== "waiting") return true;
  const mustLook = one.group === RUNS_LATER_GROUP;
  if (options.yes === true && !mustLook) return true;
  if (canAsk(context) && options.json !== true) {
    context.stderr.write(renderApproval(one));
    return /^y(?:es)?$/.test(await ask(context, `Approve ${one.approval}? [y/N] `));
  }
  throw new SandboxError(
    "denied",
    mustLook && options.yes === true
      ? `${one.approval} is about what runs later on this host: --yes does not approve it`
      : `${one.approval}: nobody is there to look at it`,
    {
      hint: `sandbox approvals show ${one.approval}, then approve with --digest ${one.digest.slice(7, 19)}`,
    },
  );
}

const LEAST_DIGITS = 8;

function matchDigest({ approval, digest }: Approval, text: string): void {
  const digits = text.replace(/^sha256:/, "").toLowerCase();
  if (digits.length < LEAST_DIGITS || !/^[0-9a-f]+$/.test(digits))
    throw new SandboxError("usage", `--digest: at least ${LEAST_DIGITS} hexadecimal digits`);
  if (digest.slice("sha256:".length).startsWith(digits)) return;
  throw new SandboxError("changed-since-review", `${approval} is not about what has that digest`, {
    hint: `look at it again: sandbox approvals show ${approval}`,
  });
}

function tell(context: CliContext, answered: readonly Approval[], { json }: AnswerOptions): void {
  if (json === true) {
    writeJson(context.stdout, "answered", { approvals: answered.map(toApprovalObject) });
    return;
  }
  for (const { approval, state, subject, require, answers } of answered) {
    const more = state === "waiting" ? ` (${answers.length} of ${require} reviewers)` : "";
    context.stdout.write(`${approval} ${state}${more}: ${neutralise(subject)}\n`);
  }
}
