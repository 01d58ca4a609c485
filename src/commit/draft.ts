import type { Xattrs } from "../core/change.js";
import type { Digest } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { FileStat } from "../host/confined-stat.js";
import type { PathState, Source } from "./step.js";

/** One path of a transaction before it is numbered and has a slot. A commit and a rollback both make these. */
export interface Draft {
  readonly workspace: number;
  readonly path: RelPath;
  /** What is at the path now, and what is known of it without reading it. */
  readonly present?: FileStat;
  readonly known?: {
    readonly digest?: Digest;
    readonly target?: string;
    readonly xattrs?: Xattrs;
  };
  /** What shall be there; absent: nothing. */
  readonly after?: PathState;
  /** Where `after` comes from; absent for a removal and for a directory that stays. */
  readonly source?: DraftSource;
}

/**
 * A source before steps have numbers. What is moved may wait where it is until it is put: nothing but a put needs it
 * elsewhere.
 */
export type DraftSource =
  | Extract<Source, { kind: "move" }>
  | (Extract<Source, { kind: "copy" }> & {
      /** Paths with the same key become names of one inode. For `make` as well. */
      readonly group?: string;
    })
  | (Extract<Source, { kind: "make" }> & { readonly group?: string });
