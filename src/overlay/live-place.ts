import { type Effects, NO_EFFECTS } from "../core/effects.js";
import type { RelPath } from "../core/path.js";

/** A directory that both sides have. What the task made beside the workspace's own names is not kept: its memory is bounded by the workspace. */
export interface Place {
  readonly parent: Place | undefined;
  readonly name: string;
  readonly depth: number;
  readonly path: RelPath;
  /** Names of the workspace that are not in the upperdir are gone: it is opaque, or lies in one that is. */
  readonly hidesBase: boolean;
  /** The directory as it was listed; undefined: it has to be listed again. */
  stamp: string | undefined;
  /** What is gone, by name, and together. */
  lost: Map<string, Effects>;
  lostSum: Effects;
  /** Regular files on both sides, by name. */
  files: Map<string, CountedFile>;
  filesSum: Effects;
  dirs: Map<string, Place>;
}

/** A regular file on both sides. */
export interface CountedFile {
  /** As it was when it was looked at; undefined: look again. */
  readonly stamp: string | undefined;
  readonly effects: Effects;
}

/** One that was not looked at yet. */
export function toPlace(at: Pick<Place, "parent" | "name" | "path" | "hidesBase">): Place {
  const depth = at.parent === undefined ? 0 : at.parent.depth + 1;
  const [lost, files, dirs] = [new Map(), new Map(), new Map()];
  const sums = { lostSum: NO_EFFECTS, filesSum: NO_EFFECTS };
  return { ...at, depth, stamp: undefined, lost, files, dirs, ...sums };
}
