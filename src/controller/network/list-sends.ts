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
  /** Of a signature: who logs in, and with which key. */
  readonly user?: string;
  readonly fingerprint?: string;
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
  /** Names of secrets that were put in, and of those whose placeholders were sent where they are worth nothing. */
  readonly secrets?: readonly string[];
  readonly misplaced?: readonly string[];
}

/** Of a session, oldest first, and how many lookups got no answer. */
export interface LoggedSends {
  readonly sends: readonly LoggedSend[];
  readonly refusedLookups: ReadonlyMap<string, number>;
  /** What the ssh agent was asked for and never does, by the reason. */
  readonly refusedSignatures: ReadonlyMap<string, number>;
}

/** Reads what the tasks of `session` sent. */
export async function listSends({ store }: Controller, session: SessionId): Promise<LoggedSends> {
  const list = new SendList();
  for (const record of (await store.openAudit()).records())
    if (record.session === session) list.add(record);
  return list.take();
}

class SendList {
  readonly #sends: LoggedSend[] = [];
  /** Of the task that runs at that point of the log, by number: each counts its own from 1. */
  readonly #open = new Map<number, number>();
  /** Signatures, in the same way. */
  readonly #signatures = new Map<number, number>();
  /** Those of which the requests are known: they say it all. */
  readonly #tunnels = new Set<number>();
  readonly #refusedLookups = new Map<string, number>();
  readonly #refusedSignatures = new Map<string, number>();

  add(record: AuditRecord): void {
    const { event } = record;
    if (event === "run.started") {
      this.#open.clear();
      this.#signatures.clear();
    } else if (event === "send.decided") this.#addDecided(record);
    // A signature is whole at once: only what was not made after all has an end.
    else if (event === "signature.decided")
      this.#signatures.set(numberOf(record, "id"), this.#sends.push(toSend(record)) - 1);
    else if (event === "signature.failed")
      addEnd(this.#sends, this.#signatures.get(numberOf(record, "id")), {
        ...record,
        data: { ...record.data, end: "failed" },
      });
    else if (event === "send.ended")
      addEnd(this.#sends, this.#open.get(numberOf(record, "id")), record);
    else if (event === "send.lookup-refused") count(this.#refusedLookups, textOf(record, "name"));
    else if (event === "signature.refused")
      count(this.#refusedSignatures, textOf(record, "reason"));
  }

  take(): LoggedSends {
    const sends = this.#sends.filter((_, at) => !this.#tunnels.has(at));
    const [refusedLookups, refusedSignatures] = [this.#refusedLookups, this.#refusedSignatures];
    return { sends, refusedLookups, refusedSignatures };
  }

  #addDecided(record: AuditRecord): void {
    const within = this.#open.get(numberOf(record, "within"));
    if (within !== undefined) this.#tunnels.add(within);
    this.#open.set(numberOf(record, "id"), this.#sends.push(toSend(record)) - 1);
  }
}

function toSend(record: AuditRecord): LoggedSend {
  return {
    at: record.at,
    via: textOf(record, "via") ?? "",
    host: textOf(record, "host") ?? "",
    port: numberOf(record, "port"),
    decision: textOf(record, "decision") ?? "",
    ...pick(record, ["method", "path", "user", "fingerprint", "rule", "reason"]),
  };
}

function addEnd(sends: LoggedSend[], at: number | undefined, record: AuditRecord): void {
  const send = at === undefined ? undefined : sends[at];
  if (at === undefined || send === undefined) return;
  sends[at] = {
    ...send,
    ...pick(record, ["end", "reason", "address", "status", "bytesOut", "bytesIn", "durationMs"]),
    ...pick(record, ["secrets", "misplaced"]),
  };
}

function count(counts: Map<string, number>, what = ""): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
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
