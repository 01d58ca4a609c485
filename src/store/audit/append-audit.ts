import { fdatasyncSync } from "node:fs";
import { isSandboxError, SandboxError } from "../../core/error.js";
import type { AuditEntry, AuditOptions } from "../../core/audit-entry.js";
import { type AuditFileOptions, withAuditFile } from "./audit-file.js";

/** So many records may be lost to a power cut, or cut off unseen, before one is durable and signed anyway. */
export const MOST_UNSIGNED = 256;

/**
 * Appends lines of JSON to `<home>/audit/log.jsonl`: `{seq, at, prev, ...entry}`, secrets masked. `prev` is the SHA-256, in
 * hexadecimal, of the bytes of the line before (without its newline), whatever they are, and `""` in the first
 * line: a line that was edited, cut out or moved breaks the chain. However many entries there are, they cost one
 * sync. Throws where they could not be written, and then none is: what they record must not be done.
 */
export function appendAudit(
  home: string,
  entries: AuditEntry | Iterable<AuditEntry>,
  options: AuditOptions & AuditFileOptions = {},
): void {
  const { durable = true, sign = durable } = options;
  try {
    withAuditFile(home, options, (file) => {
      const before = file.seq;
      file.write(isList(entries) ? entries : [entries]);
      const isDue = Math.floor(before / MOST_UNSIGNED) < Math.floor(file.seq / MOST_UNSIGNED);
      if (durable || isDue) fdatasyncSync(file.fd);
      if (sign || isDue) file.sign();
    });
  } catch (error) {
    throw toUnlogged(error);
  }
}

/** The one error for an audit log that cannot be written. */
export function toUnlogged(error: unknown): unknown {
  if (isSandboxError(error) || !(error instanceof Error) || !("code" in error)) return error;
  return new SandboxError("unexpected", `the audit log cannot be written: ${error.message}`, {
    hint: "what cannot be recorded is not done; mend that and try again",
    cause: error,
  });
}

function isList(entries: AuditEntry | Iterable<AuditEntry>): entries is Iterable<AuditEntry> {
  return Symbol.iterator in entries;
}
