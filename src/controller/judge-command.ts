import { SandboxError } from "../core/error.js";
import type { Digest, SessionId } from "../core/ids.js";
import type { Profile } from "../core/profile.js";
import { type CommandDecision, toCommandPolicy } from "../policy/commands/command-policy.js";
import type { ShellParser } from "../policy/commands/command-unit.js";
import { needsShell } from "../policy/commands/unwrap-command.js";
import { type CommandPlace, toCommandFacts } from "./command-facts.js";
import type { Controller } from "./controller.js";

/** Asks a person; undefined where there is none. True is yes. */
export type Approve = ((question: string) => Promise<boolean>) | undefined;

/** A command, what judges it, and where it would run. */
export interface AskedCommand {
  readonly profile: Profile;
  readonly argv: readonly string[];
  readonly place: CommandPlace;
}

/** What `profile` says of a command that would run at `place`. */
export async function judgeCommand(
  controller: Pick<Controller, "openShellParser">,
  asked: AskedCommand,
): Promise<CommandDecision> {
  const { profile, argv, place } = asked;
  const policy = toCommandPolicy(profile.commands);
  const shell = policy.hasRules && needsShell(argv) ? await controller.openShellParser() : UNREAD;
  if (!policy.hasRules)
    return { decision: "allow", rule: "default", reason: "every command is allowed", answers: [] };
  return policy.decide(argv, toCommandFacts(place), shell);
}

/** Never asked: no word of the command names a shell. */
const UNREAD: ShellParser = { parse: () => ({ unclear: "no shell was expected" }) };

/**
 * The front door: nothing starts that the profile denies, or asks about and nobody approves. With nobody to ask, ask means
 * deny. Throws `denied` naming the rule and why.
 */
export async function admitCommand(
  controller: Pick<Controller, "openShellParser" | "store">,
  asked: AskedCommand & { readonly digest: Digest; readonly session?: SessionId },
  approve: Approve,
): Promise<void> {
  const { decision, rule, reason } = await judgeCommand(controller, asked);
  const why = `${rule}: ${reason}`;
  const question = `The profile asks about this command (${why}). Run it? [y/N] `;
  const approved =
    decision === "ask" && approve !== undefined ? await approve(question) : undefined;
  const admitted = decision === "allow" || approved === true;
  controller.store.appendAudit(
    {
      event: "command.decided",
      ...(asked.session === undefined ? {} : { session: asked.session }),
      digest: asked.digest,
      data: { command: asked.argv, decision, rule, reason, approved: approved ?? null },
    },
    // What is admitted is followed by an entry of the run itself.
    { durable: !admitted },
  );
  if (admitted) return;
  if (decision === "deny") throw refuse("denied by the profile", why);
  throw refuse(
    approved === false ? "not approved" : "in need of approval, and nobody is there to ask",
    why,
  );
}

function refuse(what: string, why: string): SandboxError {
  return new SandboxError("denied", `the command is ${what}: ${why}; nothing was started`, {
    hint: "`sandbox policy check -- COMMAND...` shows how it is judged",
  });
}
