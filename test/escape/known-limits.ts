import type { Column } from "./column.js";

/** What is not stopped, where, and why that is so. */
interface KnownLimit {
  readonly attack: string;
  readonly columns: (column: Column) => boolean;
  readonly reason: string;
}

/** Declared; the runs prove that each is true. */
export const KNOWN_LIMITS: readonly KnownLimit[] = [];

/** The reason why an attack is known to get through in a column. */
export function findKnownLimit(attack: string, column: Column): string | undefined {
  return KNOWN_LIMITS.find((limit) => limit.attack === attack && limit.columns(column))?.reason;
}
