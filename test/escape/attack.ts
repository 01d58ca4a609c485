import type { Column } from "./column.js";
import type { Ground } from "./ground.js";
import type { Ran, RunEnd, Verdict } from "./verdict.js";

/** Words of a program; the first names a compiled program, a script of ours, or a program of the system. */
export type ToArgv = (ground: Ground) => readonly [string, ...string[]];

/**
 * A run of the same program that must get through, so that no attack is stopped by being broken. `host`: outside, as the
 * person; `namespace`: outside, as root of a user namespace of the person's own; `root`: outside, as root (where
 * root runs the tests); `inside`: in the same sandbox, at something allowed. On the host each has a mount namespace.
 */
export interface Control {
  readonly on: "host" | "namespace" | "root" | "inside";
  /** Absent: the attack's own words. */
  readonly argv?: ToArgv;
}

/** What a sandbox is started with for some attacks. Attacks of one scene share a sandbox. */
export interface Scene {
  readonly id: string;
  readonly options: readonly string[];
  /** The person's terminal is there. */
  readonly terminal?: true;
}

/** One attack: a program that a task runs, and how one sees that it got nowhere. */
export interface Attack {
  readonly id: string;
  /** Row of the threats, section "Getting out". */
  readonly row: 22 | 23 | 24 | 25 | 26;
  readonly title: string;
  readonly argv: ToArgv;
  /** The first must get through; a later one stands in where this host's kernel lacks what the first one needs. */
  readonly controls: readonly [Control, ...Control[]];
  readonly scene: Scene;
  /** Absent: the program's own word, `reached:` or `held:`. */
  readonly judge?: (ran: Ran, column: Column) => Verdict;
  /** Judges the end of the whole run instead; such an attack has its scene for itself. */
  readonly judgeEnd?: (end: RunEnd) => Verdict;
  /** Looks at the host afterwards: a reason where something came through. */
  readonly look?: (ground: Ground) => string | undefined;
  /** Why it says nothing about a column. */
  readonly notFor?: (column: Column) => string | undefined;
  /** It cannot be tried where this part of the ground is missing. */
  readonly needs?: "system";
}
