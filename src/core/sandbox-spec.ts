/**
 * One mount of a sandbox, as a value: overlay produces it, an engine obeys. Targets are absolute
 * paths inside; sources are absolute host paths without symlinks. Applied in order.
 */
export type SandboxMount =
  /** Copy-on-write: reads `lower`, writes `upper`. `idmap` as in `Layers`. */
  | {
      readonly kind: "overlay";
      readonly target: string;
      readonly lower: string;
      readonly upper: string;
      readonly work: string;
      readonly idmap: "none" | "swap-root";
    }
  /** Readable only; live sockets and FIFOs in it cannot be reached. A directory or a file. */
  | { readonly kind: "readonly"; readonly source: string; readonly target: string }
  /** An empty, unreadable thing over a path that exists inside. */
  | { readonly kind: "hidden"; readonly target: string; readonly type: "dir" | "file" };

/** What a task may use. Absent: not limited beyond the engine's own floor. */
export interface Limits {
  readonly memoryBytes?: number;
  /** Processors' worth of time, e.g. 1.5. */
  readonly cpus?: number;
  readonly pids?: number;
  /** Bytes the upperdirs may hold together. */
  readonly upperBytes?: number;
  readonly timeoutMs?: number;
}

/** The image a sandbox has as its root filesystem, frozen by its content. */
export interface SandboxImage {
  /** As the person wrote it. */
  readonly reference: string;
  /** `sha256:` and 64 hex digits: the image's configuration (OCI image-spec, config.md, "ImageID"). */
  readonly id: string;
}

/** The resolved, immutable description of a sandbox. Plain and canonical: it can be digested. */
export interface SandboxSpec {
  readonly argv: readonly [string, ...string[]];
  /** Absolute path inside. */
  readonly cwd: string;
  /** The whole environment inside. */
  readonly env: Readonly<Record<string, string>>;
  /** Host ids of the task; never 0. */
  readonly uid: number;
  readonly gid: number;
  /** Name of that id in the synthesised passwd. */
  readonly userName: string;
  /** Absolute path inside of the private, empty home directory. */
  readonly home: string;
  readonly mounts: readonly SandboxMount[];
  /** Absent: the host's own system directories, readable only. */
  readonly image?: SandboxImage;
  readonly limits: Limits;
  /** Name of a profile in `profiles/seccomp`. */
  readonly seccomp: string;
  /** `gateway`: a network of its own with loopback only, on which the listeners of `StartOptions.gateway` are. */
  readonly network: "none" | "gateway";
  readonly terminal: boolean;
  readonly hostname: string;
  /** What the task can write it cannot execute: workspaces, home and temporary directories are mounted noexec. */
  readonly isWrittenNoexec?: true;
}

/** How a task ended. Exit is a value. */
export type Outcome =
  | { readonly outcome: "exited"; readonly code: number }
  | { readonly outcome: "signalled"; readonly signal: number }
  | { readonly outcome: "timed-out" }
  | { readonly outcome: "interrupted"; readonly reason: string }
  | { readonly outcome: "not-started"; readonly code: 125 | 126 | 127; readonly reason: string };

/** What the engine had to say of how limits were put in force. */
export interface LimitReport {
  readonly limit: "memory" | "cpus" | "pids" | "upper" | "timeout";
  readonly by: "cgroup" | "rlimit" | "affinity" | "watcher" | "quota" | "timer" | "none";
  readonly detail: string;
  /** Processes of the task that were killed at it, at least; absent: none that is known of. */
  readonly kills?: number;
}
