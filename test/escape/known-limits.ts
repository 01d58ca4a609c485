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
  "x32",
  "devices",
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
      "runsc does not apply the seccomp profile: gVisor's own kernel answers this call itself, and the host's kernel is not asked.",
  })),
];

/** The reason why an attack is known to get through in a column. */
export function findKnownLimit(attack: string, column: Column): string | undefined {
  return KNOWN_LIMITS.find((limit) => limit.attack === attack && limit.columns(column))?.reason;
}
