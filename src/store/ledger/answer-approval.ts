import type { Approval, ApprovalState, Reviewer } from "../../core/approval.js";
import { SandboxError } from "../../core/error.js";
import { parseApprovalId } from "../../core/ids.js";
import { toReviewerKey } from "./approval-row.js";
import type { AnswerDraft, ApprovalsBase } from "./approvals-base.js";
import { firstRow } from "./open-database.js";

/** Writes one reviewer's answer down and settles the question where it is enough. See `Approvals.answer`. */
export function answerApproval(
  base: ApprovalsBase,
  approval: Approval,
  draft: AnswerDraft,
): Approval {
  refuseAnswer(approval, draft, base.now());
  if (approval.state === draft.answer) return approval;
  const at = new Date(base.now()).toISOString();
  const { answer, by, note, digest } = draft;
  const key = toReviewerKey(by);
  const others = approval.answers.filter((one) => toReviewerKey(one.by) !== key);
  const given = { answer, by, ...(note === undefined ? {} : { note }), digest, at };
  const answers = [...others, given];
  const state = toState(approval, answers);
  base.audit({
    event: "approval.answered",
    ...(approval.session === undefined ? {} : { session: approval.session }),
    digest,
    data: {
      approval: approval.approval,
      answer,
      by: toReviewerData(by),
      state,
      ...(note === undefined ? {} : { note }),
    },
  });
  base.database
    .prepare(
      "INSERT OR REPLACE INTO answers (approval, reviewer, name, answer, note, digest, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .run(approval.approval, key, by.name, answer, note ?? "", digest, at);
  if (state === "waiting") return { ...approval, answers };
  base.database
    .prepare("UPDATE approvals SET state = ?, settled_at = ? WHERE id = ?")
    .run(state, at, approval.approval);
  return { ...approval, state, settledAt: at, answers };
}

/** Whether a question is over its time. Reads only: nobody waits for it. */
export function isAnyOver({ database, now }: ApprovalsBase): boolean {
  const sql = "SELECT 1 FROM approvals WHERE state = 'waiting' AND expires_at <= ? LIMIT 1";
  return firstRow(database, sql, [new Date(now()).toISOString()]) !== undefined;
}

/** Denies what nobody answered in time. */
export function settleExpired({ database, audit, now }: ApprovalsBase): void {
  const at = new Date(now()).toISOString();
  const ids = database
    .prepare("SELECT id FROM approvals WHERE state = 'waiting' AND expires_at <= ?")
    .pluck()
    .all(at)
    .flatMap((id) => (typeof id === "string" ? [parseApprovalId(id)] : []));
  for (const approval of ids) {
    if (approval === undefined) continue;
    audit({ event: "approval.expired", data: { approval } });
    database
      .prepare("UPDATE approvals SET state = 'expired', settled_at = ? WHERE id = ?")
      .run(at, approval);
  }
}

function refuseAnswer(
  { approval, state, digest, expiresAt }: Approval,
  draft: AnswerDraft,
  now: number,
): void {
  if (state === "expired" || (state === "waiting" && Date.parse(expiresAt) <= now))
    throw new SandboxError("denied", `${approval} has expired, which denies it`, {
      hint: "have it asked again",
    });
  if (digest !== draft.digest)
    throw new SandboxError("changed-since-review", `${approval} is about something else by now`, {
      hint: `look at it again: sandbox approvals show ${approval}`,
    });
  if (state !== "waiting" && state !== draft.answer)
    throw new SandboxError("usage", `${approval} is ${state} already`, {
      hint: "have it asked again",
    });
}

/** One denial denies; approvals of what is shown now count, one a person. */
function toState(approval: Approval, answers: Approval["answers"]): ApprovalState {
  if (answers.some((one) => one.answer === "denied")) return "denied";
  const valid = answers.filter((one) => one.digest === approval.digest);
  return valid.length >= approval.require ? "approved" : "waiting";
}

function toReviewerData(by: Reviewer): { readonly [key: string]: string | number } {
  return by.kind === "user" ? { user: by.name, uid: by.uid } : { token: by.name };
}
