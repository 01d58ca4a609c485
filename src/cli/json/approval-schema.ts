import { z } from "zod";
import { digestSchema, sessionIdSchema, timeSchema } from "./parts-schema.js";

const reviewerSchema = z.union([
  z.strictObject({ kind: z.literal("user"), uid: z.int().min(0), name: z.string() }),
  z.strictObject({ kind: z.literal("token"), name: z.string() }),
]);

const approvalShape = {
  approval: z
    .string()
    .regex(/^a-[a-z2-7]{10}$/)
    .describe("An approval's id"),
  kind: z.enum(["commit", "budget", "command", "widen", "retry", "send"]),
  state: z.enum(["waiting", "approved", "denied", "expired"]),
  session: sessionIdSchema.optional(),
  digest: digestSchema.describe("Of what is shown: an answer is bound to it"),
  subject: z.string(),
  require: z.int().min(1).describe("How many distinct reviewers must approve"),
  count: z.int().min(1).describe("How many questions it stands for"),
  group: z.string().optional(),
  askedAt: timeSchema,
  expiresAt: timeSchema.describe("From then on it is denied"),
  settledAt: timeSchema.optional(),
  usedAt: timeSchema.optional().describe("What it allowed has been done"),
  answers: z.array(
    z.strictObject({
      answer: z.enum(["approved", "denied"]),
      by: reviewerSchema,
      note: z.string().optional(),
      digest: digestSchema,
      at: timeSchema,
    }),
  ),
};

/** `approvals --json`. */
export const approvalsSchema = z.strictObject({
  schema: z.literal("approvals/1"),
  approvals: z.array(z.strictObject(approvalShape)),
});

/** `approvals show --json`. */
export const approvalSchema = z.strictObject({
  schema: z.literal("approval/1"),
  ...approvalShape,
  preview: z.string().describe("Exactly what would be done; may come from a sandbox"),
});

/** `approve --json` and `deny --json`. */
export const answeredSchema = z.strictObject({
  schema: z.literal("answered/1"),
  approvals: z.array(z.strictObject(approvalShape)),
});
