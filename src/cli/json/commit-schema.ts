import { z } from "zod";
import {
  commitIdSchema,
  commitStateSchema,
  conflictSchema,
  digestSchema,
  pathSchema,
  pathWithReasonSchema,
  sessionIdSchema,
} from "./parts-schema.js";

/** `commit --json`. */
export const commitShape = {
  schema: z.literal("commit/1"),
  commit: commitIdSchema.nullable().describe("Null where nothing was written"),
  session: sessionIdSchema,
  digest: digestSchema.describe("Of what was selected"),
  dryRun: z.boolean().optional(),
  applied: z.array(pathSchema),
  merged: z.array(pathSchema).optional().describe("Of these: merged with what the workspace had"),
  skipped: z.array(pathSchema).describe("Pending changes that were not applied"),
  conflicts: z.array(conflictSchema),
};

/** `commit --json`. */
export const commitSchema = z.strictObject(commitShape);

/** `rollback --json`. */
export const rollbackSchema = z.strictObject({
  schema: z.literal("rollback/1"),
  rollback: commitIdSchema.nullable().describe("The new id; null where nothing was written"),
  commit: commitIdSchema.describe("What is undone"),
  session: sessionIdSchema,
  dryRun: z.boolean().optional(),
  restored: z.array(
    pathSchema.extend({
      action: z
        .enum(["remove", "restore", "recreate"])
        .describe("The commit added it, replaced it, or deleted it"),
    }),
  ),
  conflicts: z.array(pathWithReasonSchema),
  unrestorable: z.array(pathWithReasonSchema),
  unchanged: z.array(pathSchema).describe("As they were before the commit already"),
  remaining: z.int().min(0).describe("Paths of the commit that this rollback is not about"),
  state: commitStateSchema.describe("Of the commit, after this"),
});

/** `recover --json`. */
export const recoverSchema = z.strictObject({
  schema: z.literal("recover/1"),
  commits: z.array(
    z.strictObject({
      commit: commitIdSchema,
      outcome: z.enum(["finished", "undone", "left"]),
      left: z.array(pathWithReasonSchema),
    }),
  ),
});
