import type { Effects } from "./effects.js";
import type { Layers } from "./change.js";
import type { ApprovalId, CommitId, Digest, SessionId } from "./ids.js";
import type { RelPath } from "./path.js";
import type { FrozenProfile } from "./profile.js";
import type { NetworkPolicy } from "./send.js";
import type { LimitReport, Outcome, SandboxSpec } from "./sandbox-spec.js";

/** The life of a session. */
export type SessionState =
  | "running"
  | "interrupted"
  | "pending"
  | "partial"
  | "committed"
  | "discarded"
  | "failed";

/** The process that works on a session; it lives while `/proc/<pid>/stat` still has this start time in this boot. */
export interface ProcessStamp {
  readonly pid: number;
  /** Field 22 of `/proc/<pid>/stat` (proc(5)): clock ticks since boot, in decimal. */
  readonly startTime: string;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
}

/** One session on disk: `sessions/<id>/session.json`. */
export interface SessionRecord {
  readonly schema: "session/1";
  readonly session: SessionId;
  readonly name?: string;
  readonly state: SessionState;
  readonly command: readonly string[];
  /** Host paths, resolved, in order of mount; `layers[i]` belongs to `workspaces[i]`. */
  readonly workspaces: readonly string[];
  readonly layers: readonly Layers[];
  readonly spec: SandboxSpec;
  /** The profile it was started with, all layers joined; absent in older records: the built-in default. */
  readonly profile?: FrozenProfile;
  /** What may be sent, where the spec's network is `gateway`. */
  readonly network?: NetworkPolicy;
  readonly engine: "oci" | "docker";
  readonly runtime?: string;
  /** Address of the daemon that has the sandbox, e.g. `unix:///var/run/docker.sock`; only of engines that have one. */
  readonly daemon?: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly outcome?: Outcome;
  readonly limits: readonly LimitReport[];
  /** 1 for the first run; each `exec` makes a new one and earlier approvals lapse. */
  readonly revision: number;
  /** Of the pending changeset. */
  readonly digest?: Digest;
  readonly counts?: ChangeCounts;
  /** The moment the layers were read, by the clock of their filesystem (ns): a later ctime in them is tampering. */
  readonly sealedNs?: string;
  /**
   * The moment of the last `refresh` (ns, as `sealedNs`): what the host did before it is what the next task begins with. Since then
   * the bases of what was pending are those of the stored changeset.
   */
  readonly refreshedNs?: string;
  /** Commands that have failed one after the other, where the profile has a budget of retries. */
  readonly failures?: readonly CommandFailures[];
  readonly owner: ProcessStamp;
  /** Commits made of this session, oldest first. */
  readonly commits: readonly CommitId[];
  /** Why it failed or was interrupted. */
  readonly reason?: string;
  /** Of one that the service began: who asked for it, a `user:UID` or a `token:NAME`. */
  readonly submitter?: string;
  /** Of a running task that was brought to a halt: the question it waits for. */
  readonly frozen?: ApprovalId;
}

/** A command of a session, and how often it failed since it last ended well. */
export interface CommandFailures {
  readonly command: readonly string[];
  readonly times: number;
}

/** How many paths a changeset adds, modifies and deletes. */
export interface ChangeCounts {
  readonly added: number;
  readonly modified: number;
  readonly deleted: number;
}

/** One commit or rollback on disk: `commits/<id>/commit.json`. */
export interface CommitRecord {
  readonly schema: "commit/1";
  readonly commit: CommitId;
  readonly session: SessionId;
  /** The commit this one undoes; absent for a commit of a session. */
  readonly undoes?: CommitId;
  /** Of a rollback that is about a part of the commit: everything at or below these. */
  readonly paths?: readonly { readonly workspace: number; readonly path: RelPath }[];
  readonly workspaces: readonly string[];
  /** Digest of what was committed. */
  readonly digest: Digest;
  readonly state: "open" | "sealed" | "undone" | "partly-rolled-back" | "rolled-back";
  readonly createdAt: string;
  readonly applied: number;
  /** What it destroys, for budgets over time; absent in rollbacks, and in records of before there were budgets. */
  readonly effects?: Effects;
  /** What somebody approved out of band for it: used up before anything is written. */
  readonly approvals?: readonly ApprovalId[];
}
