import { z } from "zod";
import {
  changeSchema,
  commitIdSchema,
  digestSchema,
  limitReportSchema,
  pathWithReasonSchema,
  timeSchema,
} from "./parts-schema.js";
import { problemSchema, runSchema } from "./run-schema.js";

/** `run --ci --report json:PATH`: also written where the task failed or nothing ran. */
export const reportSchema = z.strictObject({
  schema: z.literal("report/1"),
  verdict: z
    .enum(["passed", "task-failed", "timed-out", "denied", "conflict", "not-run", "error"])
    .describe("How it ended, the commit included"),
  exit: z.int().min(0).describe("Exit code of `run --ci`"),
  version: z.string().describe("Of this program"),
  command: z.array(z.string()),
  startedAt: timeSchema,
  endedAt: timeSchema,
  run: runSchema.optional().describe("As `run --json`; absent where nothing ran"),
  profile: z.strictObject({ name: z.string(), digest: digestSchema }).optional(),
  asked: z
    .strictObject({
      memoryBytes: z.number().optional(),
      cpus: z.number().optional(),
      pids: z.number().optional(),
      upperBytes: z.number().optional(),
      timeoutMs: z.number().optional(),
    })
    .optional()
    .describe("What the task might use"),
  limits: z.array(limitReportSchema).optional().describe("How that was put in force"),
  changes: z.array(
    changeSchema.extend({
      rule: z.string().describe("The rule that gave the decision"),
      why: z.string().describe("What the rule says"),
    }),
  ),
  notices: z.array(
    pathWithReasonSchema.omit({ reason: true }).extend({ kind: z.string(), text: z.string() }),
  ),
  conflicts: z.array(pathWithReasonSchema),
  commit: z.union([
    z.strictObject({
      state: z
        .enum(["never", "refused", "none"])
        .describe(
          "`never`: not asked for, or the task failed; `none`: there was nothing to commit",
        ),
    }),
    z.strictObject({ state: z.literal("done"), commit: commitIdSchema, applied: z.int().min(0) }),
  ]),
  refused: z
    .array(
      z.strictObject({
        place: z.string().describe("`HOST:PORT`, or the name that was looked up"),
        times: z.int().min(1),
        reason: z.string(),
      }),
    )
    .describe("What the task did not reach, the most often first, at most 100 places"),
  problem: problemSchema.optional().describe("What stopped it"),
});
