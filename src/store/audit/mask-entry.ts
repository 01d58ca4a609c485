import { isSecretName, maskArgv, maskSecrets } from "../../core/mask-secrets.js";
import type { AuditEntry, JsonValue } from "../../core/audit-entry.js";

/** Bytes of a record's JSON; a larger one keeps only what it is about. */
const MOST_BYTES = 256 << 10;

/**
 * `entry` as it may be written down: secrets masked in every text of its data, `command` as the words of a command. Paths of
 * `changes` stay as they are, since a replay compares them.
 */
export function maskEntry(entry: AuditEntry): AuditEntry {
  const { data } = entry;
  if (data === undefined) return entry;
  const masked = { ...entry, data: maskObject(data) };
  const { length } = JSON.stringify(masked.data);
  return length <= MOST_BYTES ? masked : { ...entry, data: { tooLong: length } };
}

function maskObject(data: { readonly [key: string]: JsonValue }): { [key: string]: JsonValue } {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, maskOne(key, value)]));
}

function maskOne(key: string, value: JsonValue): JsonValue {
  if (key === "changes" && Array.isArray(value)) return value;
  if (key === "command" && isWords(value)) return maskArgv(value);
  if (typeof value === "string" && isSecretName(key)) return "[masked]";
  return maskValue(value);
}

function maskValue(value: JsonValue): JsonValue {
  if (typeof value === "string") return maskSecrets(value);
  if (isList(value)) return value.map(maskValue);
  return typeof value === "object" && value !== null ? maskObject(value) : value;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isWords(value: JsonValue): value is readonly string[] {
  return isList(value) && value.every((word) => typeof word === "string");
}
