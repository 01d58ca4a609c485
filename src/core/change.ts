import type { CommitId, Digest } from "./ids.js";
import type { RelPath } from "./path.js";

/** What a workspace can hold that a change can carry. Sockets and devices are never carried. */
export type FileType = "file" | "dir" | "symlink" | "fifo";

/** Extended attributes: name → value in base64. Overlayfs's own marks are never among those of a state. */
export type Xattrs = Readonly<Record<string, string>>;

/**
 * Who owns the result of a change. `user`: whoever the task ran as (a commit gives new files the
 * owner of their nearest existing parent where root runs the task on root's files); `base`: as
 * before; a number: that host id.
 */
export type Owner = "user" | "base" | number;

/**
 * The fingerprint of a path in the workspace. Times are nanoseconds since the epoch in decimal.
 * `digest` is the SHA-256 of a file's content where it was read; a symlink has `target`.
 */
export interface BaseState {
  readonly type: FileType | "socket" | "device";
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly ino: string;
  readonly dev: string;
  readonly nlink: number;
  readonly digest?: Digest;
  readonly target?: string;
  readonly xattrs?: Xattrs;
}

/** A path of the upperdir as it was when it was read: any later change to it moves its ctime. */
export interface UpperStamp {
  readonly ino: string;
  readonly ctimeNs: string;
  /** Overlayfs's marks on it, which a commit takes off and puts back if it is undone; absent where they were not looked for. */
  readonly marks?: Xattrs;
}

/** The state a change asks for. */
export interface NextState {
  readonly type: FileType;
  readonly mode: number;
  readonly uid: Owner;
  readonly gid: Owner;
  readonly size: number;
  /** Carried to the workspace, not part of any digest. */
  readonly mtimeNs: string;
  readonly digest?: Digest;
  readonly target?: string;
  readonly xattrs?: Xattrs;
  /** Set on every path of one inode with several names in this changeset: the first of them. */
  readonly linkGroup?: RelPath;
  /** Where it lies in the upperdir: its stamp there, to see whether anything altered it since. */
  readonly upper: UpperStamp;
}

/** One path that differs between the workspace and what the task left. */
export interface Change {
  /** Index into `Changeset.workspaces`. */
  readonly workspace: number;
  readonly path: RelPath;
  readonly kind: "add" | "modify" | "delete";
  /** Absent for an add. */
  readonly before?: BaseState;
  /** Absent for a delete. */
  readonly after?: NextState;
  /** Why the host is known to have touched this path during the run; a commit stops on it. */
  readonly hostTouched?: string;
  /** SHA-256 over the canonical bytes of this change alone; approvals are bound to it. */
  readonly digest: Digest;
}

/** Something a person must be told that is not a change. */
export interface Notice {
  readonly workspace: number;
  readonly path: RelPath;
  readonly kind:
    | "socket-skipped"
    | "device-refused"
    | "forged-mark"
    | "hidden-parent-kept"
    | "link-split"
    | "unreadable";
  readonly text: string;
}

/** The ordered changes of a session. Paths are in code-unit order, workspaces in order of mount. */
export interface Changeset {
  readonly schema: "changeset/1";
  /** Host paths of the workspaces, resolved. Not part of the digest. */
  readonly workspaces: readonly string[];
  readonly changes: readonly Change[];
  readonly notices: readonly Notice[];
  /** SHA-256 over the digests of the changes, in order. */
  readonly digest: Digest;
}

/** Where the layers of one workspace lie on the host. */
export interface Layers {
  /** The workspace: an absolute host path without symlinks. It is the lowerdir. */
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  /** A file whose ctime is the moment before the first mount, on the filesystem of `upper`. */
  readonly stamp: string;
  /** How a commit can bring files over: `rename` where one from `upper` to `lower` works. */
  readonly staging: "rename" | "copy";
  /** The host ids the task runs as. */
  readonly taskUid: number;
  readonly taskGid: number;
  /**
   * `swap-root`: root's own files appear as the task's, by an idmapped mount in which host id 0 and
   * the task's id change places; ids in `upper` have to be read through the same exchange.
   */
  readonly idmap: "none" | "swap-root";
  /** Paths that were mounted over (`--hide`, `--ro`): never part of a changeset. */
  readonly covered: readonly RelPath[];
}

/** A base path as one of our own commits left it: not a host edit. */
export interface CommittedStamp {
  readonly workspace: number;
  readonly path: RelPath;
  readonly ino: string;
  readonly ctimeNs: string;
  readonly commit: CommitId;
}
