import type { Approval, ApprovalDraft } from "../../core/approval.js";
import type { Profile } from "../../core/profile.js";
import { readSessionProfile } from "../session-profile.js";
import type { AskingController } from "./asking-controller.js";

/** How long a question waits. */
const DAY_MS = 24 * 60 * 60 * 1000;

/** What a question is about: with the same of these it is the same question. */
export type AskedOf = Pick<ApprovalDraft, "kind" | "digest" | "session">;

/** What a reviewer reads of it. */
type Shown = Pick<ApprovalDraft, "subject" | "preview"> & {
  readonly group: string;
  /** The preview as hooks get it, which may lead anywhere: without the words of a command that are secrets. Default: the preview. */
  readonly told?: string;
  /** Whose task it is about; a session's own is looked up. */
  readonly profile?: Profile | undefined;
};

/**
 * The newest question about exactly this that has not been used, whatever became of it: an earlier answer holds, a denial is not asked
 * away. It is asked, as `show` puts it, where there is none. Does not wait. Throws as `Approvals.ask`, and `usage` for a configuration
 * that is wrong.
 */
export async function findOrAskApproval(
  controller: AskingController,
  of: AskedOf,
  show: () => Shown,
): Promise<Approval> {
  const known = await findApproval(controller, of);
  if (known !== undefined && known.state !== "expired") return known;
  const expiresAt = new Date(Date.now() + DAY_MS).toISOString();
  const { told, profile, ...shown } = show();
  const { countReviewers } = await import("./count-reviewers.js");
  const require = countReviewers(controller, profile ?? (await readProfile(controller, of)));
  const asked = { ...of, ...shown, expiresAt, require };
  return await askApproval(controller, asked, told ?? shown.preview);
}

async function readProfile(
  { store }: AskingController,
  { session }: AskedOf,
): Promise<Profile | undefined> {
  return session === undefined ? undefined : readSessionProfile(await store.readSession(session));
}

/** The newest question about exactly this that has not been used; nobody is asked anything. */
export async function findApproval(
  { store }: AskingController,
  of: AskedOf,
): Promise<Approval | undefined> {
  using ledger = await store.openLedger();
  return ledger.approvals.find(of);
}

/** Where the question is new the person's hooks are told of it. */
async function askApproval(
  controller: AskingController,
  asked: ApprovalDraft,
  told: string,
): Promise<Approval> {
  const { readUserConfig } = await import("./read-user-config.js");
  const { approvals: hooks } = readUserConfig(controller.profiles);
  using ledger = await controller.store.openLedger();
  const { approval, isNew } = ledger.approvals.ask(asked);
  if (isNew && (hooks.webhook !== undefined || hooks.command !== undefined)) {
    const { tellHooks } = await import("./tell-hooks.js");
    await tellHooks(controller, hooks, { ...approval, preview: told });
  }
  return approval;
}
