import type { Notice } from "../core/change.js";
import type { ChangeContent } from "../core/changeset-digest.js";
import type { RelPath } from "../core/path.js";

/** What a walk of one workspace's layers finds, before links are joined and digests made. */
export interface Findings {
  readonly drafts: ChangeContent[];
  readonly notices: Notice[];
  /** Names of upperdir inodes that have several, by inode. */
  readonly links: Map<string, LinkedName[]>;
}

/** One name of an inode with several. */
export interface LinkedName {
  readonly path: RelPath;
  /** Its place in `drafts`; undefined where the name is as in the workspace. */
  readonly draft?: number;
}
