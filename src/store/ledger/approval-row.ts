import * as z from "zod/mini";
import type { Approval, ApprovalAnswer, Reviewer } from "../../core/approval.js";
import { approvalId, count, digest, sessionId, timestamp } from "../core-schema.js";
import { toDamaged } from "../read-record.js";

const rowSchema = z.strictObject({
  id: approvalId,
  kind: z.enum(["commit", "budget", "command", "widen", "retry", "send"]),
  session: z.union([sessionId, z.literal("")]),
  digest,
  subject: z.string(),
  preview: z.string(),
  needed: z.int().check(z.positive()),
  expires_at: timestamp,
  batch: z.string(),
  state: z.enum(["waiting", "approved", "denied", "expired"]),
  asked_at: timestamp,
  settled_at: z.nullable(timestamp),
  used_at: z.nullable(timestamp),
  count,
});

const answerSchema = z.strictObject({
  approval: approvalId,
  reviewer: z.string().check(z.regex(/^(user:\d+|token:.+)$/, "not a reviewer")),
  name: z.string(),
  answer: z.enum(["approved", "denied"]),
  note: z.string(),
  digest,
  at: timestamp,
});

/** One row of `approvals` with its rows of `answers`, oldest first. Throws `damaged` naming `file`. */
export function toApproval(row: unknown, answerRows: readonly unknown[], file: string): Approval {
  const one = parse(rowSchema, row, file);
  return {
    approval: one.id,
    kind: one.kind,
    ...(one.session === "" ? {} : { session: one.session }),
    digest: one.digest,
    subject: one.subject,
    preview: one.preview,
    require: one.needed,
    expiresAt: one.expires_at,
    ...(one.batch === "" ? {} : { group: one.batch }),
    state: one.state,
    askedAt: one.asked_at,
    ...(one.settled_at === null ? {} : { settledAt: one.settled_at }),
    ...(one.used_at === null ? {} : { usedAt: one.used_at }),
    count: one.count,
    answers: answerRows.map((answer) => toAnswer(answer, file)),
  };
}

/** What makes two answers those of one reviewer. */
export function toReviewerKey(by: Reviewer): string {
  return by.kind === "user" ? `user:${by.uid}` : `token:${by.name}`;
}

function toAnswer(row: unknown, file: string): ApprovalAnswer {
  const { reviewer, name, answer, note, digest: seen, at } = parse(answerSchema, row, file);
  const by: Reviewer = reviewer.startsWith("user:")
    ? { kind: "user", uid: Number(reviewer.slice("user:".length)), name }
    : { kind: "token", name };
  return { answer, by, ...(note === "" ? {} : { note }), digest: seen, at };
}

function parse<T>(schema: z.ZodMiniType<T>, row: unknown, file: string): T {
  const result = schema.safeParse(row);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw toDamaged(file, `${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? ""}`);
}
