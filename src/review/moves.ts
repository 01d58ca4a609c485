import type { Change } from "../core/change.js";

/** Where an added path has its content from. */
export interface Origin {
  /** `move`: the other path is gone; `copy`: it is still there, or something else was moved from it already. */
  readonly kind: "move" | "copy";
  /** The change of the other path: a deletion or a modification. */
  readonly from: Change;
  /** Percent of the content that is the same; 100: all of it, byte for byte. */
  readonly similarity: number;
}

/** Added path → where it is from. */
export type Moves = ReadonlyMap<Change, Origin>;

/** The content of a change's file on one side; undefined where it cannot be had or is too large. */
export type ReadSide = (change: Change, side: "before" | "after") => Uint8Array | undefined;

/** What is still looked for, and what was found. */
export interface MoveSearch {
  readonly moves: Map<Change, Origin>;
  /** Deletions something was moved from. */
  readonly claimed: Set<Change>;
}
