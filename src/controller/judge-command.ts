import { SandboxError } from "../core/error.js";
import type { ApprovalId, Digest, SessionId } from "../core/ids.js";
import type { Profile } from "../core/profile.js";
import { type CommandDecision, toCommandPolicy } from "../policy/commands/command-policy.js";
import type { ShellParser } from "../policy/commands/command-unit.js";
import { judgeRetry } from "../policy/commands/judge-retry.js";
import { judgeWidening } from "../policy/commands/judge-widening.js";
import { needsShell } from "../policy/commands/unwrap-command.js";
import { findStrictest } from "../policy/strictest.js";
import type { AskedScope } from "./approvals/asked-scope.js";
import type { AskingController } from "./approvals/asking-controller.js";
import type { SettledCommand } from "./approvals/command-approval.js";
import { type CommandPlace, toCommandFacts } from "./command-facts.js";
import type { Controller } from "./controller.js";

/** Asks a person; undefined where there is none. True is yes. */
export type Approve = ((question: string) => Promise<boolean>) | undefined;

/** A command, what judges it, and where it would run. */
export interface AskedCommand {
  readonly profile: Profile;
  readonly argv: readonly string[];
  readonly place: CommandPlace;
  /** How often just this command has failed in a row; default 0. */
  readonly failures?: number;
  /** Of another task in a session: what is asked for besides. */
  readonly besides?: { readonly env: readonly string[]; readonly timeout: string | undefined };
}

/** What `profile` says of a command that would run at `place`. */
export async function judgeCommand(
  controller: Pick<Controller, "openShellParser">,
  asked: AskedCommand,
): Promise<CommandDecision> {
  const { profile, argv, place } = asked;
  const policy = toCommandPolicy(profile.commands);
  const shell = policy.hasRules && needsShell(argv) ? await controller.openShellParser() : UNREAD;
  const decided: CommandDecision = policy.hasRules
    ? policy.decide(argv, toCommandFacts(place), shell)
    : { decision: "allow", rule: "default", reason: "every command is allowed", answers: [] };
  const retry = judgeRetry(profile.budgets.retry, asked.failures ?? 0);
  const widening = asked.besides && judgeWidening(profile, asked.besides);
  const strictest = findStrictest([
    decided,
    ...(retry === undefined ? [] : [retry]),
    ...(widening === undefined ? [] : [widening]),
  ]);
  const { decision, rule, reason } = strictest ?? decided;
  // One yes is to both: both are shown.
  const isBoth = widening !== undefined && decision === "ask" && rule !== widening.rule;
  const said = isBoth ? `${reason}; and ${widening.reason}` : reason;
  return { decision, rule, reason: said, answers: decided.answers };
}

/** Never asked: no word of the command names a shell. */
const UNREAD: ShellParser = { parse: () => ({ unclear: "no shell was expected" }) };

/** With the profile's digest. */
type Asked = AskedCommand & {
  readonly digest: Digest;
  readonly session?: SessionId;
  readonly scope: AskedScope;
};

/**
 * The front door: nothing starts that the profile denies, or asks about and nobody approves. With nobody to ask it is asked out
 * of band, and denied until somebody has approved just this. Throws `denied` naming the rule and why.
 */
export async function admitCommand(
  controller: Pick<Controller, "openShellParser"> & AskingController,
  asked: Asked,
  approve: Approve,
): Promise<void> {
  const decided = await judgeCommand(controller, asked);
  const { decision, rule, reason } = decided;
  const why = `${rule}: ${reason}`;
  const settled =
    decision === "ask" ? await settle(controller, { ...asked, rule, reason }, approve) : undefined;
  const admitted = decision === "allow" || settled?.answer === "approved";
  controller.store.appendAudit(
    {
      event: "command.decided",
      ...(asked.session === undefined ? {} : { session: asked.session }),
      digest: asked.digest,
      data: {
        ...{ command: asked.argv, decision, rule, reason, answer: settled?.answer ?? null },
        ...(settled?.approval === undefined ? {} : { approval: settled.approval }),
      },
    },
    // What is admitted is followed by an entry of the run itself.
    { durable: !admitted },
  );
  if (admitted) return;
  if (settled === undefined) throw refuse("denied by the profile", why);
  if (settled.answer === "denied") throw refuse("not approved", why);
  throw refuse("in need of approval, and nobody is there to ask", why, settled.approval);
}

/** By the person at the terminal, else, and where that one is not enough, out of band. */
async function settle(
  controller: AskingController,
  asked: Asked & { readonly rule: string; readonly reason: string },
  approve: Approve,
): Promise<{ readonly answer: SettledCommand["answer"]; readonly approval?: ApprovalId }> {
  const question = `The profile asks about this command (${asked.rule}: ${asked.reason}). Run it? [y/N] `;
  const { countReviewers } = await import("./approvals/count-reviewers.js");
  if (approve !== undefined && countReviewers(controller, asked.profile) === 1)
    return { answer: (await approve(question)) ? "approved" : "denied" };
  // Loaded only where a question has to wait.
  const { settleCommandApproval } = await import("./approvals/command-approval.js");
  const ask = approve === undefined ? undefined : () => approve(question);
  return settleCommandApproval(controller, asked, ask);
}

function refuse(what: string, why: string, approval?: ApprovalId): SandboxError {
  return new SandboxError("denied", `the command is ${what}: ${why}; nothing was started`, {
    hint:
      approval === undefined
        ? "`sandbox policy check -- COMMAND...` shows how it is judged"
        : `run it again once somebody ran: sandbox approve ${approval}`,
  });
}
