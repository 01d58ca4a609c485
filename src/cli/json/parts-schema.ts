import { z } from "zod";
import { RISK_IDS } from "../../core/risk.js";

/** `sha256:` and 64 hexadecimal digits. */
export const digestSchema = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .describe("SHA-256, as `sha256:` and 64 lower-case hexadecimal digits");
/** See `SessionId`. */
export const sessionIdSchema = z
  .string()
  .regex(/^s-[a-z2-7]{10}$/)
  .describe("A session's id");
/** See `CommitId`. */
export const commitIdSchema = z
  .string()
  .regex(/^c-[a-z2-7]{10}$/)
  .describe("The id of a commit or rollback");
/** A date and time in UTC. */
export const timeSchema = z.iso.datetime().describe("ISO 8601, UTC");

const pathShape = {
  workspace: z.string().describe("Host path of the workspace"),
  path: z.string().describe("Path below the workspace; `.` is the workspace itself"),
  pathBase64: z
    .base64()
    .optional()
    .describe("The path's bytes, where it is not UTF-8; `path` then holds U+FFFD"),
};
/** A path, as every `--json` writes it. */
export const pathSchema = z.strictObject(pathShape);
/** A path, and why it was not done. */
export const pathWithReasonSchema = z.strictObject({ ...pathShape, reason: z.string() });

/** A path at which a change and what the host did exclude each other. */
export const conflictSchema = z.strictObject({
  ...pathShape,
  reason: z.string(),
  task: z.string().optional().describe("What the task did there"),
  host: z.string().optional().describe("What the host did there since"),
  ways: z
    .array(z.enum(["merge", "theirs", "ours", "select", "restore"]))
    .optional()
    .describe(
      "What would help: --merge, --theirs PATH or --ours PATH; to select what it holds too; to restore the host's side by hand",
    ),
});

/** States of a session. */
export const sessionStateSchema = z.enum([
  "running",
  "interrupted",
  "pending",
  "partial",
  "committed",
  "discarded",
  "failed",
]);
/** States of a commit or rollback. */
export const commitStateSchema = z.enum([
  "open",
  "sealed",
  "undone",
  "partly-rolled-back",
  "rolled-back",
]);
/** Paths that are added, modified and deleted. */
export const countsSchema = z.strictObject({
  added: z.int().min(0),
  modified: z.int().min(0),
  deleted: z.int().min(0),
});
/** A risk of one change. */
const riskSchema = z.strictObject({
  id: z.enum(RISK_IDS),
  level: z.enum(["high", "medium", "low"]),
  reason: z.string(),
});

const stateShape = {
  type: z.enum(["file", "dir", "symlink", "fifo", "socket", "device"]),
  mode: z.int().min(0).max(0o7777).describe("Permission bits with setuid, setgid and sticky"),
  size: z.int().min(0),
  digest: digestSchema.optional().describe("Of a file's content, where it was read"),
  target: z.string().optional().describe("Of a symbolic link"),
};
const ownerSchema = z
  .union([z.literal("user"), z.literal("base"), z.int()])
  .describe("`user`: whoever the task ran as; `base`: as before; else a host id");
/** A change as `diff --json` writes it. */
export const changeSchema = z.strictObject({
  ...pathShape,
  kind: z.enum(["add", "modify", "delete"]),
  type: z.enum(["file", "dir", "symlink", "fifo", "socket", "device"]),
  before: z.strictObject({ ...stateShape, uid: z.int(), gid: z.int() }).optional(),
  after: z.strictObject({ ...stateShape, uid: ownerSchema, gid: ownerSchema }).optional(),
  risks: z.array(riskSchema),
  decision: z.enum(["allow", "ask", "deny"]),
  ignored: z.boolean().describe("Git ignores it in its workspace"),
  movedFrom: pathSchema.optional().describe("The deleted file it was made of"),
  copiedFrom: pathSchema
    .optional()
    .describe("The file it was made of, which stays or moved elsewhere"),
  similarity: z.int().min(0).max(100).optional().describe("Percent; 100: byte for byte"),
  movedTo: pathSchema.optional().describe("Of a deleted file: where it went"),
  conflict: z.string().optional().describe("Why a commit of it would stop"),
});

/** How a task ended. */
export const outcomeSchema = z.enum([
  "exited",
  "signalled",
  "timed-out",
  "interrupted",
  "not-started",
]);
/** How a limit was put in force. */
export const limitReportSchema = z.strictObject({
  limit: z.enum(["memory", "cpus", "pids", "upper", "timeout"]),
  by: z.enum(["cgroup", "rlimit", "affinity", "watcher", "quota", "timer", "none"]),
  detail: z.string(),
  kills: z.int().min(1).optional().describe("Processes that were killed at it, at least"),
});
