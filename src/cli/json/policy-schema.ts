import { z } from "zod";
import { digestSchema } from "./parts-schema.js";

const verdictSchema = z.enum(["allow", "ask", "deny"]);

/** `sandbox policy check|explain|test --json`. */
export const policySchema = z.strictObject({
  schema: z.literal("policy/1"),
  name: z.string().describe("As it was asked for"),
  digest: digestSchema.describe("Of the canonical JSON of the resolved profile"),
  unenforced: z
    .array(z.string())
    .optional()
    .describe("check: what this version refuses to run with"),
  command: z.array(z.string()).optional().describe("check: what was judged"),
  decision: verdictSchema.optional(),
  rule: z.string().optional().describe("The rule's id; `default` where none speaks"),
  reason: z.string().optional(),
  answers: z
    .array(
      z.strictObject({
        decision: verdictSchema,
        rule: z.string(),
        reason: z.string(),
        command: z.array(z.string()).describe("`…` for a word that only the shell knows"),
      }),
    )
    .optional()
    .describe("check: what each program of the command gets"),
  profile: z.looseObject({}).optional().describe("explain: the resolved profile"),
  chapters: z
    .array(z.strictObject({ title: z.string(), lines: z.array(z.string()) }))
    .optional()
    .describe("explain: in plain words"),
  examples: z
    .array(
      z.strictObject({
        rule: z.string(),
        kind: z.enum(["match", "nomatch"]),
        index: z.int(),
        example: z.string(),
        wrong: z.string().optional(),
      }),
    )
    .optional()
    .describe("test: every example, with what is wrong of it"),
});
