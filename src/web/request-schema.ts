import * as z from "zod/mini";
import { SandboxError } from "../core/error.js";
import {
  type ActionId,
  type ApprovalId,
  type Digest,
  parseActionId,
  parseApprovalId,
  parseDigest,
} from "../core/ids.js";

/** Body of `POST /v1/actions`; the action itself is judged by the queue. */
export const submitSchema = z.strictObject({
  request: z.unknown(),
  priority: z.optional(z.int().check(z.gte(-10), z.lte(10))),
  deadline: z.optional(z.iso.datetime()),
});

/** Body of `POST /v1/approvals/ID/answer`. */
export const answerSchema = z.strictObject({
  answer: z.enum(["approved", "denied"]),
  digest: z.custom<Digest>(
    (value) => typeof value === "string" && parseDigest(value) !== undefined,
    "not a digest",
  ),
  note: z.optional(z.string().check(z.maxLength(2000))),
});

/** `value` as `schema` has it. Throws `usage` naming the field. */
export function parseBody<T>(schema: z.ZodMiniType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join(".") ?? "";
  throw new SandboxError(
    "usage",
    `${where === "" ? "the body" : where}: ${issue?.message ?? "does not fit"}`,
  );
}

/** Throws `not-found` for what is no id. */
export function toActionId(text: string): ActionId {
  const id = parseActionId(text);
  if (id === undefined)
    throw new SandboxError("not-found", `no action ${shorten(text)}`, {
      hint: "sandbox queue --all lists them",
    });
  return id;
}

/** Throws `not-found` for what is no id. */
export function toApprovalId(text: string): ApprovalId {
  const id = parseApprovalId(text);
  if (id === undefined)
    throw new SandboxError("not-found", `no approval ${shorten(text)}`, {
      hint: "sandbox approvals --all lists them",
    });
  return id;
}

/** What was asked for, as far as it is worth saying again. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
