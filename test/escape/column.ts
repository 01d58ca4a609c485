import { isBrief } from "../support/is-brief.js";

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
  ["oci", "runsc", "none"],
  ["docker", "runc", "local"],
  ["docker", "runsc", "local"],
  ["docker", "runc", "remote"],
];

/** The columns of this run: all, or in a brief one each backend once, by one of the two kinds of persons. */
export function chooseColumns(): readonly Column[] {
  if (!isBrief || process.getuid?.() !== 0) return COLUMNS;
  return COLUMNS.filter(({ who }, index) => (who === "root") === index % 4 < 2);
}

/** All columns, in the order of the scorecard. */
export const COLUMNS: readonly Column[] = BACKENDS.flatMap(([engine, runtime, daemon]) =>
  (["root", "plain user"] as const).map((who) => ({
    id: `${daemon === "remote" ? "remote-" : ""}${engine}-${runtime}-${who.replace(" ", "-")}`,
    ...{ engine, runtime, who, daemon },
  })),
);
