import { createHash } from "node:crypto";
import type { Approval, ApprovalKind } from "../../core/approval.js";
import { type ApprovalId, type Digest, type SessionId, toDigest } from "../../core/ids.js";
import { maskArgv } from "../../core/mask-secrets.js";
import { countOwnAnswer } from "./count-reviewers.js";
import { findOrAskApproval } from "./ask-approval.js";
import type { Profile } from "../../core/profile.js";
import type { AskedScope } from "./asked-scope.js";
import type { AskingController } from "./asking-controller.js";

/** A command that policy asks about. */
interface AskedAbout {
  readonly argv: readonly string[];
  readonly place: { readonly cwd: string; readonly workspaces: readonly string[] };
  /** Of the profile. */
  readonly digest: Digest;
  readonly session?: SessionId;
  readonly profile: Profile;
  readonly scope: AskedScope;
  readonly rule: string;
  readonly reason: string;
}

/** What became of the question. Approved: that approval is used up. */
export interface SettledCommand {
  readonly answer: "approved" | "denied" | "waiting";
  readonly approval: ApprovalId;
}

/**
 * Whether somebody has approved just this command, in this place, in this scope and under this profile. It is asked for where nobody has
 * yet; this does not wait.
 */
export async function settleCommandApproval(
  controller: AskingController,
  asked: AskedAbout,
  /** Asks whoever is at the terminal, who is one reviewer, where it waits. */
  approve?: () => Promise<boolean>,
): Promise<SettledCommand> {
  const found = await findOrAsk(controller, asked);
  if (found.state === "waiting" && approve !== undefined && !(await approve()))
    return { answer: "denied", approval: found.approval };
  const { approval, state } =
    approve === undefined ? found : await countOwnAnswer(controller, found);
  if (state === "waiting") return { answer: "waiting", approval };
  if (state !== "approved") return { answer: "denied", approval };
  using ledger = await controller.store.openLedger();
  // Somebody may have been quicker with it.
  return ledger.approvals.use(approval)
    ? { answer: "approved", approval }
    : settleCommandApproval(controller, asked);
}

/** By the rule that asks. */
const KINDS: ReadonlyMap<string, ApprovalKind> = new Map([
  ["budgets.retry", "retry"],
  ["widen", "widen"],
]);

const VERBS: Readonly<Partial<Record<ApprovalKind, string>>> = { retry: "again", widen: "widen" };

function findOrAsk(controller: AskingController, asked: AskedAbout): Promise<Approval> {
  const { argv, place, scope, session, rule, reason } = asked;
  const kind = KINDS.get(rule) ?? "command";
  const { cwd, workspaces } = place;
  const what = { argv, cwd, workspaces };
  const shown = { ...what, ...scope.shown, profile: asked.digest, rule, reason };
  // How often it has failed is shown and does not make it another question.
  const bound = { kind, ...shown, env: scope.env, reason: kind === "retry" ? "" : reason };
  const digest = toDigest(createHash("sha256").update(JSON.stringify(bound)).digest("hex"));
  const of = { kind, digest, ...(session === undefined ? {} : { session }) } as const;
  return findOrAskApproval(controller, of, () => ({
    subject: toSubject(VERBS[kind] ?? "run", argv),
    preview: `${JSON.stringify(shown, null, 2)}\n`,
    told: `${JSON.stringify({ ...shown, argv: maskArgv(argv) }, null, 2)}\n`,
    group: rule,
    profile: asked.profile,
  }));
}

/** Of a line, which lists and the log show: what is a secret stands in the preview alone. */
const MOST_SUBJECT = 300;

function toSubject(verb: string, argv: readonly string[]): string {
  const subject = `${verb}: ${JSON.stringify(maskArgv(argv))}`;
  return subject.length <= MOST_SUBJECT ? subject : `${subject.slice(0, MOST_SUBJECT)}…`;
}
