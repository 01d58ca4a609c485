import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { OpaqueDir, Step, TouchedDir } from "./step.js";

/** The head of a journal. */
export interface TransactionHeader {
  readonly schema: "journal/1";
  readonly commit: CommitId;
  readonly session: SessionId;
  /** The commit this one undoes. */
  readonly undoes?: CommitId;
  /** Host paths. */
  readonly workspaces: readonly string[];
  /** Name → absolute host path; see `roots.ts`. */
  readonly roots: Readonly<Record<string, string>>;
  /** Of what is committed; absent for a rollback. */
  readonly digest?: Digest;
  /** Of what stays pending in the session; absent for a rollback. */
  readonly pendingDigest?: Digest;
}

/** All a transaction will do, as it is journaled before anything is touched. Steps are in the order they are taken. */
export interface Transaction {
  readonly header: TransactionHeader;
  readonly steps: readonly Step[];
  readonly dirs: readonly TouchedDir[];
  readonly opaques: readonly OpaqueDir[];
}

/** Where a sealed transaction left a path: what tells whether it was touched since. */
export interface Stamp {
  readonly ino: string;
  readonly ctimeNs: string;
}

/** What the seal says besides. */
export interface Results {
  /** By step number; absent for what is gone. */
  readonly steps: ReadonlyMap<number, Stamp>;
  /** By index of `Transaction.dirs`; absent for what is gone or lies in the layers. */
  readonly dirs: ReadonlyMap<number, Stamp & { readonly mtimeNs: string }>;
}
