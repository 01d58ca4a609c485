import type { ApprovalDraft } from "../../core/approval.js";
import { SandboxError } from "../../core/error.js";
import { type ApprovalId, type Digest, toDigest } from "../../core/ids.js";
import { sha256Hex } from "../../host/sha256.js";
import { firstRow, type LedgerDatabase } from "./open-database.js";
import { toApproval } from "./approval-row.js";

/** Questions of one session that may wait side by side. */
const MOST_WAITING = 20;
/** Questions that one folded one may stand for, and how long its preview may get (UTF-16 units). */
const MOST_FOLDED = 1000;
const MOST_FOLDED_TEXT = 1 << 20;

/** True where `session` has asked so much that the next question is not shown on its own. */
export function asksTooMuch(database: LedgerDatabase, session: string): boolean {
  const sql = "SELECT id FROM approvals WHERE session = ? AND state = 'waiting' LIMIT ?";
  return database.prepare(sql).all(session, MOST_WAITING).length >= MOST_WAITING;
}

/**
 * Makes `draft` part of the one question that stands for all the session asks of this kind and group beyond its share: it is approved or
 * denied with them. What was shown has changed then, so approvals of it lapse. Groups stay apart: some have to be looked at.
 * Throws `denied` where it would stand for more than a person can look at.
 */
export function foldQuestion(
  database: LedgerDatabase,
  draft: ApprovalDraft,
  {
    file,
    create,
  }: { readonly file: string; readonly create: (draft: ApprovalDraft) => ApprovalId },
): ApprovalId {
  const session = draft.session ?? "";
  const sql =
    "SELECT approvals.* FROM approvals JOIN folded ON folded.approval = approvals.id" +
    " WHERE approvals.session = ? AND approvals.kind = ? AND batch = ? AND state = 'waiting' LIMIT 1";
  const row = firstRow(database, sql, [session, draft.kind, draft.group ?? ""]);
  if (row === undefined) {
    const id = create({ ...draft, ...toFolded(undefined, draft), subject: toSubject(1) });
    remember(database, id, draft);
    return id;
  }
  const before = toApproval(row, [], file);
  const { digest, preview } = toFolded(before, draft);
  if (before.count >= MOST_FOLDED || preview.length > MOST_FOLDED_TEXT)
    throw new SandboxError("denied", `session ${session} asks more than a person can answer`, {
      hint: `answer what waits first: sandbox approvals show ${before.approval}`,
    });
  const [expiresAt = draft.expiresAt] = [before.expiresAt, draft.expiresAt].sort();
  database
    .prepare(
      "UPDATE approvals SET digest = ?, preview = ?, subject = ?, needed = ?, expires_at = ?, count = count + 1 WHERE id = ?",
    )
    .run(
      digest,
      preview,
      toSubject(before.count + 1),
      Math.max(before.require, draft.require),
      expiresAt,
      before.approval,
    );
  remember(database, before.approval, draft);
  return before.approval;
}

function toSubject(count: number): string {
  return `${count} more question${count === 1 ? "" : "s"}, asked too fast to show one by one`;
}

/** Each part in full, and a digest that depends on all of them. */
function toFolded(
  before: { readonly digest: Digest; readonly preview: string } | undefined,
  draft: ApprovalDraft,
): { readonly digest: Digest; readonly preview: string } {
  const part = `${draft.subject}\n${draft.digest}\n${draft.preview}\n`;
  return {
    preview: `${before === undefined ? "" : `${before.preview}\n`}${part}`,
    digest: toDigest(sha256Hex(`folded\n${before?.digest ?? ""}\n${part}`)),
  };
}

function remember(database: LedgerDatabase, approval: ApprovalId, draft: ApprovalDraft): void {
  database
    .prepare("INSERT INTO folded (approval, kind, digest) VALUES (?, ?, ?)")
    .run(approval, draft.kind, draft.digest);
}
