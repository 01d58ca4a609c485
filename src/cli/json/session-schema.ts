import { z } from "zod";
import {
  changeSchema,
  commitIdSchema,
  commitStateSchema,
  conflictSchema,
  countsSchema,
  digestSchema,
  limitReportSchema,
  outcomeSchema,
  pathSchema,
  sessionIdSchema,
  sessionStateSchema,
  timeSchema,
} from "./parts-schema.js";

const sessionShape = {
  session: sessionIdSchema,
  name: z.string().optional(),
  state: sessionStateSchema,
  frozen: z
    .string()
    .regex(/^a-[a-z2-7]{10}$/)
    .optional()
    .describe("Its task was brought to a halt and waits for this approval"),
  command: z.array(z.string()),
  workspaces: z.array(z.string()),
  startedAt: timeSchema,
  endedAt: timeSchema.optional(),
  digest: digestSchema.optional().describe("Of the pending changeset"),
  rolledBack: z
    .enum(["partly", "wholly"])
    .optional()
    .describe("What of its commits is rolled back; absent: nothing"),
  changes: countsSchema.optional().describe("What is pending; absent: not read yet"),
};

/** `ls --json`. */
export const lsSchema = z.strictObject({
  schema: z.literal("ls/1"),
  sessions: z.array(z.strictObject(sessionShape)),
});

/** `show --json`. */
export const showSchema = z.strictObject({
  schema: z.literal("show/1"),
  ...sessionShape,
  engine: z.enum(["oci", "docker"]),
  daemon: z.string().optional().describe("Address of the daemon that has the sandbox"),
  runtime: z.string().optional(),
  outcome: z
    .strictObject({
      outcome: outcomeSchema,
      code: z.int().optional(),
      signal: z.int().optional(),
      reason: z.string().optional(),
    })
    .optional(),
  durationMs: z.number().min(0).optional(),
  reason: z.string().optional().describe("Why it failed or was interrupted"),
  revision: z.int().min(1),
  commits: z.array(commitIdSchema),
  history: z
    .array(
      z.strictObject({
        commit: commitIdSchema,
        undoes: commitIdSchema.optional().describe("Of a rollback: what it undid"),
        state: commitStateSchema,
        createdAt: timeSchema,
        applied: z.int().min(0).describe("Paths it wrote"),
      }),
    )
    .describe("Its commits and their rollbacks, oldest first"),
  network: z
    .strictObject({
      mode: z.enum(["allowlist", "open"]),
      allow: z.array(
        z.strictObject({
          host: z.string(),
          ports: z.array(z.int()).optional(),
          methods: z.array(z.string()).optional(),
          paths: z.array(z.string()).optional(),
          private: z.literal(true).optional(),
        }),
      ),
      inspect: z.array(z.string()),
      sshAgent: z
        .array(
          z.strictObject({
            host: z.string(),
            port: z.int(),
            users: z.array(z.string()).optional(),
            keys: z.array(z.string()).optional().describe("Fingerprints"),
            hostKeys: z.array(z.string()).optional(),
            decision: z.enum(["allow", "ask"]),
          }),
        )
        .optional(),
      gitCredentials: z
        .array(
          z.strictObject({
            scheme: z.enum(["https", "http"]),
            host: z.string(),
            port: z.int(),
            paths: z.array(z.string()).optional(),
            access: z.enum(["read", "write"]),
          }),
        )
        .optional(),
    })
    .optional()
    .describe("Absent: it has none"),
  limits: z.array(limitReportSchema),
  spec: z.looseObject({}).describe("The resolved sandbox spec"),
});

/** `show --network --json`. */
export const sendsSchema = z.strictObject({
  schema: z.literal("sends/1"),
  session: sessionIdSchema,
  sends: z.array(
    z.strictObject({
      at: timeSchema,
      via: z
        .enum(["http", "connect", "socks", "direct", "inspected", "ssh-agent"])
        .describe("ssh-agent: a signature for a login"),
      host: z.string(),
      port: z.int(),
      method: z.string().optional().describe("Where it can be seen"),
      path: z.string().optional().describe("Without its query"),
      user: z.string().optional().describe("Of a signature: who logs in"),
      fingerprint: z.string().optional().describe("Of a signature: that of the key"),
      decision: z.enum(["allow", "deny"]),
      rule: z.string().optional(),
      reason: z.string().optional(),
      address: z.string().optional(),
      status: z.int().optional(),
      end: z.enum(["done", "refused", "failed"]).optional().describe("Absent: not over"),
      bytesOut: z.int().min(0).optional(),
      bytesIn: z.int().min(0).optional(),
      durationMs: z.number().min(0).optional(),
      secrets: z.array(z.string()).optional().describe("Those whose values were put in"),
      misplaced: z
        .array(z.string())
        .optional()
        .describe("Those whose placeholders went where their values may not"),
    }),
  ),
  refusedLookups: z.array(z.strictObject({ name: z.string(), count: z.int().min(1) })),
  refusedSignatures: z
    .array(z.strictObject({ reason: z.string(), count: z.int().min(1) }))
    .describe("What the ssh agent was asked for and never does"),
});

const refSides = {
  before: z.string().optional().describe("An id, or a ref's name; absent: it was not there"),
  after: z.string().optional(),
};

/** `diff --json`. */
export const diffSchema = z.strictObject({
  schema: z.literal("diff/1"),
  session: sessionIdSchema,
  digest: digestSchema,
  git: z
    .array(
      pathSchema.extend({
        changes: z.int().min(0).describe("Of objects, refs, index and logs: committed as one"),
        head: z.strictObject(refSides).optional().describe("What HEAD is, where that changed"),
        refs: z.array(
          z.strictObject({
            name: z.string(),
            ...refSides,
            commits: z
              .array(z.strictObject({ id: z.string(), subject: z.string() }))
              .describe("New ones, newest first"),
          }),
        ),
        notes: z.array(z.string()).describe("What could not be read"),
        leftOut: z.array(pathSchema).describe("Hooks, configuration, locks: only if named"),
      }),
    )
    .optional()
    .describe("What the changes in `.git` directories mean"),
  changes: z.array(changeSchema),
});

/** `review --json`. */
export const reviewSchema = z.strictObject({
  schema: z.literal("review/1"),
  session: sessionIdSchema,
  digest: digestSchema,
  changes: z.array(
    z.strictObject({
      ...pathSchema.shape,
      digest: digestSchema.describe("Of this change: what an approval is bound to"),
      verdict: z.enum(["approve", "reject", "edits", "merge", "theirs", "undecided"]),
    }),
  ),
});

/** `refresh --json`. */
export const refreshSchema = z.strictObject({
  schema: z.literal("refresh/1"),
  session: sessionIdSchema,
  revision: z.int().min(1),
  digest: digestSchema.describe("Of the changeset that is pending now"),
  visible: z
    .array(pathSchema)
    .describe("Only the host changed them: the next task sees them; of a directory: names in it"),
  dropped: z.array(pathSchema).describe("No longer pending: the workspace has the same"),
  conflicts: z.array(conflictSchema).describe("They stay pending until somebody decides"),
  answers: z
    .strictObject({ kept: z.int().min(0), lapsed: z.int().min(0) })
    .describe("Of a review, to changes that are still the same, and to others"),
});

/** `discard --json`. */
export const discardSchema = z.strictObject({
  schema: z.literal("discard/1"),
  session: sessionIdSchema,
  state: sessionStateSchema,
  leftover: z.string().optional().describe("Why something may be left with its daemon until prune"),
});

/** `stop --json`. */
export const stopSchema = z.strictObject({
  schema: z.literal("stop/1"),
  session: sessionIdSchema,
  state: sessionStateSchema.describe("After it"),
  stopped: z.boolean().describe("False: it did not run"),
  reason: z.string().optional().describe("Why it was interrupted"),
});

/** `prune --json`. */
export const pruneSchema = z.strictObject({
  schema: z.literal("prune/1"),
  dryRun: z.boolean(),
  removed: z.array(z.string()),
  kept: z.array(z.strictObject({ session: z.string(), why: z.string() })),
  others: z.array(z.string()).describe("What else was removed: left by killed processes, images"),
});
