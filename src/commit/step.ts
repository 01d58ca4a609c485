import type { BaseState, Xattrs } from "../core/change.js";
import type { Digest } from "../core/ids.js";
import type { RelPath } from "../core/path.js";

/** The state of a path as the journal keeps it. Ids are the host's; times as in `BaseState`. */
export interface PathState {
  readonly type: BaseState["type"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly ino?: string;
  readonly digest?: Digest;
  readonly target?: string;
  readonly xattrs?: Xattrs;
}

/** A path below one of the transaction's roots (see `roots.ts` for their names). */
export interface Place {
  readonly root: string;
  readonly path: RelPath;
}

/** Where the new state of a path comes from before it is put in the workspace. */
export type Source =
  /** An inode is moved to the slot (or waits where it is, if that is the slot) and goes back on an undo. */
  | {
      readonly kind: "move";
      readonly from: Place;
      readonly was: {
        readonly ino: string;
        readonly uid: number;
        readonly gid: number;
        readonly mode: number;
      };
      /** Attributes to take off before it appears, with the values an undo puts back. */
      readonly strip?: Xattrs;
      /** Attributes it has that another owner, or the ids of another mount, would take from it: an undo puts them back. */
      readonly carries?: Xattrs;
    }
  /** Content is copied to the slot; `ino`: of the original, which leaves the layers after the seal. Absent: it stays. */
  | { readonly kind: "copy"; readonly from: Place; readonly ino?: string }
  /** Another name of what step `step` put in its slot. */
  | { readonly kind: "link"; readonly step: number; readonly ino: string }
  /** Made anew from the state that is asked for: a directory, symbolic link or FIFO; `ino`: of one to remove after the seal. */
  | { readonly kind: "make"; readonly ino?: string };

/**
 * One path of a transaction. `slot` is a private place on the filesystem of the workspace; every step but `set` is one
 * rename between it and the path, so that at any instant each inode has one name and nothing is ever overwritten.
 *
 * | act | before | the rename | undo |
 * |---|---|---|---|
 * | `put` | nothing at the path | slot → path, refusing to replace | path → slot |
 * | `swap` | something | the two change places | the same |
 * | `take` | something | path → slot | slot → path |
 * | `set` | a directory | none: owner, mode, attributes, time | the old ones |
 */
export interface Step {
  readonly n: number;
  readonly act: "put" | "swap" | "take" | "set";
  readonly workspace: number;
  readonly path: RelPath;
  readonly slot: Place;
  readonly before?: PathState;
  readonly after?: PathState;
  readonly source?: Source;
  /** Where the content of `before` is copied besides: its inode has other names, a writer, or no place to stay. */
  readonly copy?: Place;
}

/** A directory whose entries the transaction changes: what an undo restores. */
export interface TouchedDir {
  readonly place: Place;
  readonly ino: string;
  readonly mode: number;
  readonly mtimeNs: string;
  /** Its owner may not write in it: that is lifted for the time of the transaction. */
  readonly unlock: boolean;
  /** The time it gets when all is done; absent: as it becomes. */
  readonly finalMtimeNs?: string;
}

/**
 * An opaque directory of the upperdir some of whose content was committed. The mark would now hide that
 * content in the workspace, so it is replaced by whiteouts for the deletions that are still pending.
 */
export interface OpaqueDir {
  readonly place: Place;
  readonly whiteouts: readonly RelPath[];
}
