/** One engine with one runtime, used by one kind of person: a column of the scorecard. */
export interface Column {
  readonly id: string;
  readonly engine: "oci" | "docker";
  readonly runtime: "crun" | "runc" | "runsc";
  readonly who: "root" | "plain user";
  /** Where the daemon is. */
  readonly daemon: "none" | "local" | "remote";
}

type Kind = readonly [Column["engine"], Column["runtime"], Column["daemon"]];

const BACKENDS: readonly Kind[] = [
  ["oci", "crun", "none"],
  ["oci", "runc", "none"],
];

/** All columns, in the order of the scorecard. */
export const COLUMNS: readonly Column[] = BACKENDS.flatMap(([engine, runtime, daemon]) =>
  (["root", "plain user"] as const).map((who) => ({
    id: `${daemon === "remote" ? "remote-" : ""}${engine}-${runtime}-${who.replace(" ", "-")}`,
    ...{ engine, runtime, who, daemon },
  })),
);
