import { userInfo } from "node:os";
import type { Approval, Reviewer } from "../../core/approval.js";
import { type ApprovalId, type Digest, parseSessionId } from "../../core/ids.js";
import { hasErrno } from "../../core/error.js";
import type { Controller } from "../controller.js";
import { settleEnded } from "./settle-ended.js";

/** What a reviewer says to a question, from wherever they are. */
interface DeskAnswer {
  readonly answer: "approved" | "denied";
  readonly digest: Digest;
  readonly note?: string;
}

/** A question in a list: what it shows is read one by one. */
export type ListedApproval = Omit<Approval, "preview">;

/** Where a reviewer looks at questions and answers them: this host's ledger, or a service elsewhere. */
export interface ApprovalDesk extends Disposable {
  /** Oldest first; those that wait, unless `all`. */
  list(wanted: { readonly all: boolean }): Promise<readonly ListedApproval[]>;
  read(id: ApprovalId): Promise<Approval>;
  answer(id: ApprovalId, answer: DeskAnswer): Promise<Approval>;
}

/** The ledger of this user, answered as `by`: unless said, whoever runs this program. */
export async function openLedgerDesk(
  { store }: Pick<Controller, "store">,
  by: Reviewer = toOwnReviewer(),
): Promise<ApprovalDesk> {
  const ledger = await store.openLedger();
  const { approvals } = ledger;
  await settleEnded({ store }, approvals);
  return {
    list: async ({ all }) => approvals.list(all ? {} : { state: "waiting" }),
    read: async (id) => approvals.read(id),
    answer: async (id, answer) => approvals.answer(id, { ...answer, by }),
    [Symbol.dispose]: () => ledger[Symbol.dispose](),
  };
}

/** A user without a name in passwd is told by number. */
function toOwnReviewer(): Reviewer {
  const uid = process.getuid?.() ?? 0;
  try {
    return { kind: "user", uid, name: userInfo().username };
  } catch (error) {
    if (!hasErrno(error, "ERR_SYSTEM_ERROR", "ENOENT")) throw error;
    return { kind: "user", uid, name: String(uid) };
  }
}

/** True where a question is of `session`, by its id or the beginning of it. */
export function isOfSession({ session }: ListedApproval, text: string): boolean {
  if (session === undefined) return false;
  return parseSessionId(text) === undefined
    ? session.startsWith(text) && text.length >= 4
    : session === text;
}
