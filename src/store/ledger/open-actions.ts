import type { ActionDraft, ActionRecord, ActionResult, ActionState } from "../../core/action.js";
import { SandboxError } from "../../core/error.js";
import { type ActionId, type SessionId, toActionId } from "../../core/ids.js";
import { randomBytes } from "../../host/random-bytes.js";
import type { AuditEntry } from "../../core/audit-entry.js";
import { toActionRecord } from "./action-row.js";
import type { Bell } from "./bell.js";
import { firstRow, type LedgerDatabase } from "./open-database.js";

/** The queue's memory: every step is on disk when its function returns. */
export interface Actions {
  /** Accepts all or none, in order, in one transaction. */
  add(drafts: readonly ActionDraft[]): readonly ActionRecord[];
  /** Makes a queued action a running one; false where it is no longer queued. Whoever gets `true` carries it out: nobody else ever does. */
  claim(id: ActionId): boolean;
  noteSession(id: ActionId, session: SessionId): void;
  /** Ends a queued or running action; false where it has ended already. */
  end(id: ActionId, end: { readonly state: EndState; readonly result: ActionResult }): boolean;
  /** Ends what runs as `interrupted`: after the process that ran it is gone. */
  interruptRunning(): readonly ActionRecord[];
  /** Throws `not-found`. */
  read(id: ActionId): ActionRecord;
  /** In the order of their acceptance; with `newest`, so many of the last. */
  list(wanted: {
    readonly states?: readonly ActionState[];
    readonly newest?: number;
  }): readonly ActionRecord[];
  /** How many there are, by state. */
  count(): Readonly<Record<ActionState, number>>;
  /** Forgets what ended before `before` (ISO 8601). */
  forget(before: string): void;
}

type EndState = "done" | "failed" | "cancelled" | "interrupted";

/** What they stand on. */
interface ActionsBase {
  readonly database: LedgerDatabase;
  readonly file: string;
  readonly bell: Bell;
  readonly audit: (entries: readonly AuditEntry[]) => void;
  readonly now: () => number;
  readonly write: <T>(work: () => T) => T;
}

const STATES = ["queued", "running", "done", "failed", "cancelled", "interrupted"] as const;

/** The actions of a ledger. */
export function openActions(base: ActionsBase): Actions {
  const { database, write } = base;
  const insert = database.prepare(
    "INSERT INTO actions (id, request, submitter, priority, keys, deadline, session, state, created_at)" +
      " VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', ?)",
  );
  const claim = database.prepare(
    "UPDATE actions SET state = 'running', started_at = ? WHERE id = ? AND state = 'queued'",
  );
  const note = database.prepare("UPDATE actions SET session = ? WHERE id = ?");
  const end = database.prepare(END);
  return {
    add: (drafts) => write(() => addActions(base, insert, drafts)),
    claim: (id) => write(() => claim.run(toNow(base), id).changes === 1),
    noteSession: (id, session) => write(() => void note.run(session, id)),
    end: (id, { state, result }) =>
      write(() => {
        const isOver = end.run(state, toNow(base), JSON.stringify(result), id).changes === 1;
        if (isOver) base.audit([toEnded(id, state, result)]);
        return isOver;
      }),
    interruptRunning: () => write(() => interruptRunning(base)),
    read: (id) => readAction(base, id),
    list: (wanted) => listActions(base, wanted),
    count: () => countActions(base),
    forget: (before) =>
      write(() => void database.prepare("DELETE FROM actions WHERE ended_at < ?").run(before)),
  };
}

const END =
  "UPDATE actions SET state = ?, ended_at = ?, result = ? WHERE id = ? AND state IN ('queued', 'running')";

function toNow({ now }: ActionsBase): string {
  return new Date(now()).toISOString();
}

function addActions(
  base: ActionsBase,
  insert: { run(...values: readonly (string | number | null)[]): unknown },
  drafts: readonly ActionDraft[],
): readonly ActionRecord[] {
  const created = drafts.map((draft) => ({
    ...draft,
    action: toActionId(randomBytes(10)),
    state: "queued" as const,
    createdAt: toNow(base),
    ...("session" in draft.request ? { session: draft.request.session } : {}),
  }));
  base.audit(created.map(toAccepted));
  for (const one of created)
    insert.run(
      one.action,
      JSON.stringify(one.request),
      one.submitter,
      one.priority,
      JSON.stringify(one.keys),
      one.deadline ?? null,
      one.session ?? null,
      one.createdAt,
    );
  return created;
}

function interruptRunning(base: ActionsBase): readonly ActionRecord[] {
  const end = base.database.prepare(END);
  const running = listActions(base, { states: ["running"] });
  for (const { action, session } of running) {
    const result = toInterrupted(session);
    end.run("interrupted", toNow(base), JSON.stringify(result), action);
    base.audit([toEnded(action, "interrupted", result)]);
  }
  return running;
}

function readAction({ database, file }: ActionsBase, id: ActionId): ActionRecord {
  const row = firstRow(database, "SELECT * FROM actions WHERE id = ?", [id]);
  if (row !== undefined) return toActionRecord(row, file);
  throw new SandboxError("not-found", `no action ${id}`, { hint: "sandbox queue lists them" });
}

function listActions(
  { database, file }: ActionsBase,
  { states = STATES, newest = -1 }: Parameters<Actions["list"]>[0],
): readonly ActionRecord[] {
  const marks = states.map(() => "?").join(", ");
  const sql = `SELECT * FROM actions WHERE state IN (${marks}) ORDER BY seq DESC LIMIT ?`;
  const rows = database.prepare(sql).all(...states, newest);
  return rows.map((row) => toActionRecord(row, file)).reverse();
}

function countActions({ database }: ActionsBase): Readonly<Record<ActionState, number>> {
  const rows = database.prepare("SELECT state, count(*) FROM actions GROUP BY state").raw().all();
  const counts = new Map(rows.flatMap((row) => (Array.isArray(row) ? [[row[0], row[1]]] : [])));
  const of = (state: ActionState): number => Number(counts.get(state) ?? 0);
  return {
    queued: of("queued"),
    running: of("running"),
    done: of("done"),
    failed: of("failed"),
    cancelled: of("cancelled"),
    interrupted: of("interrupted"),
  };
}

/** What an action that nobody saw the end of has to say. */
function toInterrupted(session: SessionId | undefined): ActionResult {
  const hint =
    session === undefined
      ? "`sandbox ls` shows whether it left a session"
      : `it is not run again; look at what it left: sandbox diff ${session}`;
  return {
    exit: 137,
    ...(session === undefined ? {} : { session }),
    error: { code: "interrupted", message: "the service ended while it ran", hint },
  };
}

function toAccepted({ action, request, submitter, priority }: ActionRecord): AuditEntry {
  return {
    event: "action.accepted",
    ...("session" in request ? { session: request.session } : {}),
    data: { action, kind: request.kind, submitter, priority },
  };
}

function toEnded(action: ActionId, state: EndState, result: ActionResult): AuditEntry {
  return {
    event: `action.${state}`,
    ...(result.session === undefined ? {} : { session: result.session }),
    data: { action, exit: result.exit },
  };
}
