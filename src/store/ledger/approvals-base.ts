import type { Reviewer } from "../../core/approval.js";
import type { Digest } from "../../core/ids.js";
import type { AuditEntry } from "../../core/audit-entry.js";
import type { Bell } from "./bell.js";
import type { LedgerDatabase } from "./open-database.js";

/** What one reviewer says to a question. */
export interface AnswerDraft {
  readonly answer: "approved" | "denied";
  readonly by: Reviewer;
  readonly note?: string;
  /** Of what the reviewer saw. */
  readonly digest: Digest;
}

/** What the approvals of one ledger stand on. */
export interface ApprovalsBase {
  readonly database: LedgerDatabase;
  readonly file: string;
  readonly bell: Bell;
  /** Durable when it returns. */
  readonly audit: (entry: AuditEntry) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** One transaction that holds the write lock from its start. */
  readonly write: <T>(work: () => T) => T;
}
