import type { AuditRecord } from "../../core/audit-entry.js";
import { parseAuditLine } from "./audit-record-schema.js";
import { type Followed, followAudit } from "./follow-audit.js";
import { readAuditLines } from "./read-lines.js";
import { type AuditVerification, verifyAudit } from "./verify-audit.js";

/** Reads the audit log. Nothing of it takes a lock. */
export interface AuditReader {
  /** Oldest first; lines that a killed writer did not finish are left out. Bounded memory. */
  records(): Iterable<AuditRecord>;
  /** All records, then `present`, then new ones until `signal` is aborted. Throws `damaged` where the log is cut meanwhile. */
  follow(signal: AbortSignal): AsyncIterable<Followed>;
  /** See `verifyAudit`. */
  verify(onProgress: (records: number) => void): AuditVerification;
}

/** See `Store.openAudit`. */
export function openAuditReader(home: string): AuditReader {
  return {
    records: () => readRecords(home),
    follow: (signal) => followAudit(home, signal),
    verify: (onProgress) => verifyAudit(home, onProgress),
  };
}

function* readRecords(home: string): Generator<AuditRecord> {
  for (const line of readAuditLines(home)) {
    const record = line.tooLong ? undefined : parseAuditLine(line.bytes);
    if (record !== undefined) yield record;
  }
}
