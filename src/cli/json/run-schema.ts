import { z } from "zod";
import { commitShape } from "./commit-schema.js";
import {
  countsSchema,
  digestSchema,
  outcomeSchema,
  sessionIdSchema,
  sessionStateSchema,
} from "./parts-schema.js";

const ERROR_CODES = [
  "unexpected",
  "usage",
  "conflict",
  "denied",
  "changed-since-review",
  "not-found",
  "damaged",
  "busy",
  "timed-out",
  "interrupted",
  "sandbox-unavailable",
  "not-executable",
  "command-not-found",
] as const;

/** Why something did not come about. */
export const problemSchema = z.strictObject({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  list: z.array(z.string()).optional().describe("What the message is about, a line each"),
  hint: z.string().optional().describe("What to do next"),
});

/** `run --json` and `exec --json`, after the task. */
export const runSchema = z.strictObject({
  schema: z.literal("run/1"),
  session: sessionIdSchema,
  state: sessionStateSchema,
  outcome: outcomeSchema,
  exit: z
    .strictObject({
      code: z.int().optional().describe("Where it exited, or was not started"),
      signal: z.int().optional().describe("Where a signal ended it"),
    })
    .optional(),
  reason: z.string().optional().describe("Why it was not started or was interrupted"),
  durationMs: z.number().min(0),
  engine: z.enum(["oci", "docker"]),
  runtime: z.string().optional(),
  digest: digestSchema.optional().describe("Of the pending changeset"),
  changes: countsSchema,
  risks: z
    .strictObject({
      high: z.int().min(0),
      medium: z.int().min(0).optional(),
      low: z.int().min(0),
    })
    .describe("Changes by their worst risk"),
  commit: z.strictObject({ ...commitShape, schema: z.literal("commit/1").optional() }).optional(),
  problem: problemSchema.optional().describe("With --ci: why what was to be committed was not"),
});

const checkSchema = z.strictObject({
  id: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  fix: z.string().optional().describe("The command or change that mends it"),
});

/** `doctor --json`. */
export const doctorSchema = z.strictObject({
  schema: z.literal("doctor/1"),
  ok: z.boolean(),
  checks: z.array(checkSchema),
  engines: z.array(
    z.strictObject({
      engine: z.enum(["oci", "docker"]),
      runtime: z.string().optional(),
      version: z.string().optional(),
      ok: z.boolean(),
      checks: z.array(checkSchema),
    }),
  ),
});

/** Any command with `--json` that failed. */
export const errorSchema = z.strictObject({
  schema: z.literal("error/1"),
  error: problemSchema,
});
