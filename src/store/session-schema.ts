import * as z from "zod/mini";
import type {
  LimitReport,
  Limits,
  Outcome,
  SandboxMount,
  SandboxSpec,
} from "../core/sandbox-spec.js";
import type { FrozenProfile } from "../core/profile.js";
import type { GitCredentialRule, HostRule, NetworkPolicy, SshAgentRule } from "../core/send.js";
import type { CommitRecord, ProcessStamp, SessionRecord } from "../core/session.js";
import {
  absolutePath,
  approvalId,
  commitId,
  count,
  digest,
  layersSchema,
  relPath,
  sessionId,
  timestamp,
} from "./core-schema.js";

const idmap = z.enum(["none", "swap-root"]);

const mount: z.ZodMiniType<SandboxMount> = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("overlay"),
    target: absolutePath,
    lower: absolutePath,
    upper: absolutePath,
    work: absolutePath,
    idmap,
  }),
  z.strictObject({ kind: z.literal("readonly"), source: absolutePath, target: absolutePath }),
  z.strictObject({
    kind: z.literal("hidden"),
    target: absolutePath,
    type: z.enum(["dir", "file"]),
  }),
]);

const limits: z.ZodMiniType<Limits> = z.strictObject({
  memoryBytes: z.exactOptional(count),
  cpus: z.exactOptional(z.number().check(z.positive())),
  pids: z.exactOptional(count),
  upperBytes: z.exactOptional(count),
  timeoutMs: z.exactOptional(count),
} satisfies Record<keyof Limits, unknown>);

const spec: z.ZodMiniType<SandboxSpec> = z.strictObject({
  argv: z.tuple([z.string()], z.string()),
  cwd: absolutePath,
  env: z.record(z.string(), z.string()),
  uid: count,
  gid: count,
  userName: z.string(),
  home: absolutePath,
  mounts: z.array(mount),
  image: z.exactOptional(
    z.strictObject({
      reference: z.string(),
      id: z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
    }),
  ),
  limits,
  seccomp: z.string(),
  network: z.enum(["none", "gateway"]),
  terminal: z.boolean(),
  hostname: z.string(),
  isWrittenNoexec: z.exactOptional(z.literal(true)),
} satisfies Record<keyof SandboxSpec, unknown>);

const outcome: z.ZodMiniType<Outcome> = z.discriminatedUnion("outcome", [
  z.strictObject({ outcome: z.literal("exited"), code: count }),
  z.strictObject({ outcome: z.literal("signalled"), signal: count }),
  z.strictObject({ outcome: z.literal("timed-out") }),
  z.strictObject({ outcome: z.literal("interrupted"), reason: z.string() }),
  z.strictObject({
    outcome: z.literal("not-started"),
    code: z.union([z.literal(125), z.literal(126), z.literal(127)]),
    reason: z.string(),
  }),
]);

const limitReport: z.ZodMiniType<LimitReport> = z.strictObject({
  limit: z.enum(["memory", "cpus", "pids", "upper", "timeout"]),
  by: z.enum(["cgroup", "rlimit", "affinity", "watcher", "quota", "timer", "none"]),
  detail: z.string(),
  kills: z.exactOptional(count),
} satisfies Record<keyof LimitReport, unknown>);

const processStamp: z.ZodMiniType<ProcessStamp> = z.strictObject({
  pid: count,
  startTime: z.string(),
  bootId: z.string(),
} satisfies Record<keyof ProcessStamp, unknown>);

const profile: z.ZodMiniType<FrozenProfile> = z.strictObject({
  name: z.string(),
  digest,
  canonical: z.string(),
} satisfies Record<keyof FrozenProfile, unknown>);

const texts = z.array(z.string());

const network: z.ZodMiniType<NetworkPolicy> = z.strictObject({
  mode: z.enum(["allowlist", "open"]),
  allow: z.array(
    z.strictObject({
      host: z.string(),
      ports: z.exactOptional(z.array(count)),
      methods: z.exactOptional(texts),
      paths: z.exactOptional(texts),
      private: z.exactOptional(z.literal(true)),
    } satisfies Record<keyof HostRule, unknown>),
  ),
  inspect: texts,
  sshAgent: z.exactOptional(
    z.array(
      z.strictObject({
        host: z.string(),
        port: count,
        users: z.exactOptional(texts),
        keys: z.exactOptional(texts),
        hostKeys: z.exactOptional(texts),
        decision: z.enum(["allow", "ask"]),
      } satisfies Record<keyof SshAgentRule, unknown>),
    ),
  ),
  gitCredentials: z.exactOptional(
    z.array(
      z.strictObject({
        scheme: z.enum(["https", "http"]),
        host: z.string(),
        port: count,
        paths: z.exactOptional(texts),
        access: z.enum(["read", "write"]),
      } satisfies Record<keyof GitCredentialRule, unknown>),
    ),
  ),
} satisfies Record<keyof NetworkPolicy, unknown>);

/** `sessions/<id>/session.json`. */
export const sessionRecordSchema: z.ZodMiniType<SessionRecord> = z.strictObject({
  schema: z.literal("session/1"),
  session: sessionId,
  name: z.exactOptional(z.string()),
  state: z.enum([
    "running",
    "interrupted",
    "pending",
    "partial",
    "committed",
    "discarded",
    "failed",
  ]),
  command: z.array(z.string()),
  workspaces: z.array(absolutePath),
  layers: z.array(layersSchema),
  spec,
  profile: z.exactOptional(profile),
  network: z.exactOptional(network),
  engine: z.enum(["oci", "docker"]),
  runtime: z.exactOptional(z.string()),
  daemon: z.exactOptional(z.string()),
  startedAt: timestamp,
  endedAt: z.exactOptional(timestamp),
  durationMs: z.exactOptional(z.number().check(z.nonnegative())),
  outcome: z.exactOptional(outcome),
  limits: z.array(limitReport),
  revision: count,
  digest: z.exactOptional(digest),
  counts: z.exactOptional(z.strictObject({ added: count, modified: count, deleted: count })),
  sealedNs: z.exactOptional(z.string().check(z.regex(/^\d+$/))),
  refreshedNs: z.exactOptional(z.string().check(z.regex(/^\d+$/))),
  failures: z.exactOptional(
    z.array(z.strictObject({ command: z.array(z.string()), times: count })),
  ),
  owner: processStamp,
  commits: z.array(commitId),
  reason: z.exactOptional(z.string()),
  submitter: z.exactOptional(z.string()),
  frozen: z.exactOptional(approvalId),
} satisfies Record<keyof SessionRecord, unknown>);

/** `commits/<id>/commit.json`. */
const effectCount = z.strictObject({ files: count, bytes: count });

export const commitRecordSchema: z.ZodMiniType<CommitRecord> = z.strictObject({
  schema: z.literal("commit/1"),
  commit: commitId,
  session: sessionId,
  undoes: z.exactOptional(commitId),
  paths: z.exactOptional(z.array(z.strictObject({ workspace: count, path: relPath }))),
  workspaces: z.array(absolutePath),
  digest,
  state: z.enum(["open", "sealed", "undone", "partly-rolled-back", "rolled-back"]),
  createdAt: timestamp,
  applied: count,
  effects: z.exactOptional(z.strictObject({ delete: effectCount, overwrite: effectCount })),
  approvals: z.exactOptional(z.array(approvalId)),
} satisfies Record<keyof CommitRecord, unknown>);
