import type { Level } from "../core/risk.js";

/** A path that some program on the host runs or obeys later. */
export interface RunsLaterRule {
  /**
   * Globs of components, matched from any directory of the workspace and regardless of case: `*`
   * within a component, `**` at the end for everything below (and for the directory's own name
   * where it is no directory).
   */
  readonly segments: readonly string[];
  readonly level: Level;
  /** One line for a person: who runs it, and when. */
  readonly reason: string;
}

/** Rules that share a reason; `matches` are globs between blanks. */
export interface RuleRow {
  readonly level: Level;
  readonly reason: string;
  readonly matches: string;
}
