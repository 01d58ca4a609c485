import { z } from "zod";
import { commitIdSchema, sessionIdSchema, timeSchema } from "./parts-schema.js";

const actionShape = {
  action: z
    .string()
    .regex(/^q-[a-z2-7]{10}$/)
    .describe("An action's id"),
  state: z.enum(["queued", "running", "done", "failed", "cancelled", "interrupted"]),
  submitter: z.string().describe("`user:UID` or `token:NAME`"),
  priority: z.int(),
  keys: z.array(z.string()).describe("What it writes to: one after the other"),
  createdAt: timeSchema,
  startedAt: timeSchema.optional(),
  endedAt: timeSchema.optional(),
  deadline: timeSchema.optional(),
  session: sessionIdSchema.optional(),
  request: z.looseObject({
    kind: z.enum(["run", "exec", "commit", "rollback", "discard"]),
    command: z.array(z.string()).optional(),
  }),
  result: z
    .strictObject({
      exit: z.int().describe("What the command itself would have exited with"),
      session: sessionIdSchema.optional(),
      commit: commitIdSchema.optional(),
      error: z
        .strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() })
        .optional(),
    })
    .optional(),
};

/** `submit --json`, `wait --json` and `cancel --json`. */
export const actionSchema = z.strictObject({ schema: z.literal("action/1"), ...actionShape });

/** `queue --json`. */
export const queueSchema = z.strictObject({
  schema: z.literal("queue/1"),
  actions: z.array(z.strictObject(actionShape)),
});
