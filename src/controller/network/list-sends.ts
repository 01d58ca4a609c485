import type { AuditRecord, JsonValue } from "../../core/audit-entry.js";
import type { SessionId } from "../../core/ids.js";
import type { Controller } from "../controller.js";

/** What a task sent, or wanted to, as it stands in the audit log. Times are ISO 8601, UTC. */
export interface LoggedSend {
  readonly at: string;
  readonly via: string;
  readonly host: string;
  readonly port: number;
  readonly method?: string;
  readonly path?: string;
  readonly decision: string;
  readonly rule?: string;
  /** Why it was denied or failed. */
  readonly reason?: string;
  readonly address?: string;
  readonly status?: number;
  /** Absent: it is not over, or its end was not written. */
  readonly end?: string;
  readonly bytesOut?: number;
  readonly bytesIn?: number;
  readonly durationMs?: number;
}

/** Of a session, oldest first, and how many lookups got no answer. */
export interface LoggedSends {
  readonly sends: readonly LoggedSend[];
  readonly refusedLookups: ReadonlyMap<string, number>;
}

/** Reads what the tasks of `session` sent. */
export async function listSends({ store }: Controller, session: SessionId): Promise<LoggedSends> {
  const sends: LoggedSend[] = [];
  /** Of the task that runs at that point of the log: each counts its own from 1. */
  const open = new Map<number, number>();
  const refusedLookups = new Map<string, number>();
  for (const record of (await store.openAudit()).records()) {
    if (record.session !== session) continue;
    if (record.event === "run.started") open.clear();
    else if (record.event === "send.decided")
      open.set(numberOf(record, "id"), sends.push(toSend(record)) - 1);
    else if (record.event === "send.ended") addEnd(sends, open.get(numberOf(record, "id")), record);
    else if (record.event === "send.lookup-refused") countLookup(refusedLookups, record);
  }
  return { sends, refusedLookups };
}

function toSend(record: AuditRecord): LoggedSend {
  return {
    at: record.at,
    via: textOf(record, "via") ?? "",
    host: textOf(record, "host") ?? "",
    port: numberOf(record, "port"),
    decision: textOf(record, "decision") ?? "",
    ...pick(record, ["method", "path", "rule", "reason"]),
  };
}

function addEnd(sends: LoggedSend[], at: number | undefined, record: AuditRecord): void {
  const send = at === undefined ? undefined : sends[at];
  if (at === undefined || send === undefined) return;
  sends[at] = {
    ...send,
    ...pick(record, ["end", "reason", "address", "status", "bytesOut", "bytesIn", "durationMs"]),
  };
}

function countLookup(lookups: Map<string, number>, record: AuditRecord): void {
  const name = textOf(record, "name") ?? "";
  lookups.set(name, (lookups.get(name) ?? 0) + 1);
}

function pick(record: AuditRecord, keys: readonly string[]): Readonly<Record<string, JsonValue>> {
  const { data = {} } = record;
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = data[key];
      return value === undefined || value === null ? [] : [[key, value]];
    }),
  );
}

function textOf({ data }: AuditRecord, key: string): string | undefined {
  const value = data?.[key];
  return typeof value === "string" ? value : undefined;
}

function numberOf({ data }: AuditRecord, key: string): number {
  const value = data?.[key];
  return typeof value === "number" ? value : 0;
}
