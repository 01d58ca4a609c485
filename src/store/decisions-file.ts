import * as z from "zod/mini";
import { hasErrno } from "../core/error.js";
import type { SavedDecision } from "../core/saved-decision.js";
import { count, digest } from "./core-schema.js";
import { readRecord } from "./read-record.js";

const choice = z.enum(["ours", "theirs", "markers"]);

const decision: z.ZodMiniType<SavedDecision> = z.union([
  z.strictObject({ change: digest, verdict: z.enum(["approve", "reject"]) }),
  z.strictObject({
    change: digest,
    verdict: z.literal("edits"),
    edits: z.array(digest),
    metadata: z.boolean(),
    unanswered: z.exactOptional(z.array(digest)),
  }),
  z.strictObject({
    change: digest,
    verdict: z.literal("merge"),
    conflicts: z.array(choice),
    result: digest,
  }),
  z.strictObject({ change: digest, verdict: z.literal("theirs"), result: digest }),
]);

const file = z.strictObject({
  schema: z.literal("review/1"),
  revision: count,
  decisions: z.array(decision),
});

/** See `Store.readDecisions`. Another run on the same layers makes earlier approvals lapse (design.md 5). */
export function readDecisions(at: string, revision: number): readonly SavedDecision[] {
  try {
    const saved = readRecord(at, file);
    return saved.revision === revision ? saved.decisions : [];
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return [];
    throw error;
  }
}
