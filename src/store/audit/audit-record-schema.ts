import * as z from "zod/mini";
import type { AuditRecord } from "../../core/audit-entry.js";
import { commitId, digest, sessionId, timestamp } from "../core-schema.js";

type Data = NonNullable<AuditRecord["data"]>;

/** JSON it is, since it was parsed from JSON: to walk it would be most of the time that a million records take. */
const data = z.custom<Data>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "not an object",
);

/** One line of the log. */
const auditRecordSchema: z.ZodMiniType<AuditRecord> = z.strictObject({
  seq: z.exactOptional(z.int().check(z.positive())),
  at: timestamp,
  prev: z.string().check(z.regex(/^(?:[0-9a-f]{64})?$/, "not a hash")),
  event: z.string().check(z.regex(/^[a-z][a-z-]*(?:\.[a-z][a-z-]*)?$/, "not an event")),
  session: z.exactOptional(sessionId),
  commit: z.exactOptional(commitId),
  digest: z.exactOptional(digest),
  data: z.exactOptional(data),
} satisfies Record<keyof AuditRecord, unknown>);

/** The record that a line is; undefined where it is none, as a line that its writer did not finish. */
export function parseAuditLine(bytes: Uint8Array): AuditRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const result = auditRecordSchema.safeParse(value);
  return result.success ? result.data : undefined;
}
