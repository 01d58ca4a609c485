import { z } from "zod";
import {
  commitIdSchema,
  digestSchema,
  pathSchema,
  sessionIdSchema,
  timeSchema,
} from "./parts-schema.js";

const seqSchema = z.int().min(1).describe("Number of the record: 1, 2, 3…");

/** One line of `log --json`. */
export const logSchema = z.strictObject({
  schema: z.literal("log/1"),
  seq: seqSchema.optional(),
  at: timeSchema,
  prev: z
    .string()
    .describe("SHA-256, in hexadecimal, of the line before in the log's file; empty in the first"),
  event: z.string().describe("`noun.verb`, e.g. run.started, commit.decided, commit.sealed"),
  session: sessionIdSchema.optional(),
  commit: commitIdSchema.optional(),
  digest: digestSchema
    .optional()
    .describe("Of what it is about: a changeset, a profile, a question"),
  data: z
    .looseObject({})
    .optional()
    .describe("What else is known of it, by event; secrets are masked"),
});

/** `log --verify --json`. */
export const logVerifySchema = z.strictObject({
  schema: z.literal("log-verify/1"),
  ok: z.boolean(),
  records: z.int().min(0).describe("Up to the first that is wrong"),
  files: z.int().min(0),
  unnumbered: z.int().min(0).describe("Of `records`: of before records had numbers"),
  torn: z.int().min(0).describe("Lines that a killed writer did not finish"),
  signed: z.strictObject({ seq: seqSchema, hash: z.string(), at: timeSchema }).optional(),
  unsigned: z.int().min(0).describe("Of `records`: after what is signed"),
  problem: z
    .strictObject({
      file: z.string(),
      line: z.int().min(1).optional(),
      seq: z.int().min(0).optional(),
      why: z.string(),
    })
    .optional()
    .describe("The first thing that is wrong"),
});

/** `log --replay --json`. */
export const logReplaySchema = z.strictObject({
  schema: z.literal("log-replay/1"),
  session: sessionIdSchema,
  agrees: z.boolean(),
  pending: z
    .int()
    .min(0)
    .nullable()
    .describe("Changes that are pending by the log; null: it never had them"),
  digest: digestSchema.optional().describe("Of these"),
  commits: z
    .array(z.strictObject({ commit: commitIdSchema, changes: z.int().min(0) }))
    .describe("Commits and rollbacks, and how many paths each wrote by the log"),
  differences: z
    .array(
      z.strictObject({
        ...pathSchema.partial().shape,
        commit: commitIdSchema.optional(),
        why: z.string(),
      }),
    )
    .describe("At most 100"),
});
