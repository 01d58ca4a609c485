import type { Column } from "./column.js";

/** What is not stopped, where, and why that is so. */
interface KnownLimit {
  readonly attack: string;
  readonly columns: (column: Column) => boolean;
  readonly reason: string;
}

/** Calls that gVisor has itself, and lets a task make. */
const GVISOR_ANSWERS = [
  "unshare-user",
  "unshare-mounts",
  "clone-user",
  "clone-user-upper",
  "trace-child",
  "io-uring",
  "kernel-log",
];

/** Declared; the runs prove that each is true. */
export const KNOWN_LIMITS: readonly KnownLimit[] = [
  {
    attack: "layers-named",
    columns: ({ engine, runtime, daemon }) =>
      engine === "docker" && runtime === "runc" && daemon === "local",
    reason:
      "Docker mounts the overlay by its paths, and the kernel shows them in the mount table: a task reads where its layers lie; it cannot reach them.",
  },
  ...GVISOR_ANSWERS.map((attack) => ({
    attack,
    columns: ({ runtime, engine }: Column) => runtime === "runsc" && engine === "docker",
    reason:
      "runsc loads the seccomp profile of a container only where the daemon's configuration gives it --oci-seccomp; without it gVisor's own kernel answers this call.",
  })),
  {
    attack: "devices",
    columns: ({ runtime }) => runtime === "runsc",
    reason: "gVisor's kernel has a /dev/fuse of its own, which opens.",
  },
  {
    attack: "memory",
    columns: ({ engine, runtime, who }) =>
      engine === "oci" && runtime === "runsc" && who === "plain user",
    reason:
      "gVisor does not count RLIMIT_DATA, and this user may make no control group; the session says that the limit is not in force.",
  },
];

/** The reason why an attack is known to get through in a column. */
export function findKnownLimit(attack: string, column: Column): string | undefined {
  return KNOWN_LIMITS.find((limit) => limit.attack === attack && limit.columns(column))?.reason;
}
