import type { CommitId, Digest, SessionId } from "./ids.js";

/** What can be written after a record's own fields: any JSON. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** One thing asked for, decided or done. */
export interface AuditEntry {
  /** `noun.verb`, e.g. `run.asked`, `run.ended`, `commit.decided`, `commit.sealed`. */
  readonly event: string;
  readonly session?: SessionId;
  readonly commit?: CommitId;
  readonly digest?: Digest;
  readonly data?: { readonly [key: string]: JsonValue };
}

/** An entry as it stands in the log. */
export interface AuditRecord extends AuditEntry {
  /** 1, 2, 3…: absent in records of before there were numbers. */
  readonly seq?: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** SHA-256, in hexadecimal, of the line before; `""` in the first. */
  readonly prev: string;
}

/** How entries are written. */
export interface AuditOptions {
  /** Whether they are on disk when this returns; default true. Not for entries that a durable one follows at once. */
  readonly durable?: boolean;
  /** Whether a durable write also signs the head; default true. Not where a signed one follows in the same command. */
  readonly sign?: boolean;
}
