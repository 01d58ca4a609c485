import { EventEmitter } from "node:events";
import type { ActionRecord } from "../../core/action.js";
import type { Approval, Reviewer } from "../../core/approval.js";
import { SandboxError } from "../../core/error.js";
import type { ActionId, ApprovalId, Digest, SessionId } from "../../core/ids.js";
import type { SessionRecord } from "../../core/session.js";
import type { Ledger } from "../../store/ledger/open-ledger.js";
import { settleEnded } from "../approvals/settle-ended.js";
import type { Controller } from "../controller.js";
import { carryOutAction } from "../queue/carry-out-action.js";
import { type AskedAction, draftAction } from "../queue/draft-action.js";
import { type ActionQueue, openQueue } from "../queue/open-queue.js";
import { toCapacity, weighAction } from "../queue/weigh-action.js";
import { renderMetrics } from "./render-metrics.js";
import type { ServiceLog } from "./open-service-log.js";
import { watchApprovals } from "./watch-approvals.js";

/** Something that changed, as a service tells it. */
export type ServiceEvent =
  | { readonly event: "action"; readonly record: ActionRecord }
  | { readonly event: "approval"; readonly record: Approval };

/** What the service does for whoever may ask it. */
export interface Service {
  submit(asked: AskedAction): Promise<ActionRecord>;
  cancel(id: ActionId): boolean;
  readAction(id: ActionId): ActionRecord;
  /** Resolves when it has ended. Rejects with the signal's reason. */
  waitAction(id: ActionId, signal: AbortSignal): Promise<ActionRecord>;
  /** Those that wait or run, or (`all`) the newest of all. */
  listActions(wanted: { readonly all: boolean }): readonly ActionRecord[];
  listSessions(): Promise<readonly SessionRecord[]>;
  readSession(id: SessionId): Promise<SessionRecord>;
  listApprovals(wanted: { readonly all: boolean }): Promise<readonly Approval[]>;
  readApproval(id: ApprovalId): Approval;
  answer(
    id: ApprovalId,
    answer: {
      readonly answer: "approved" | "denied";
      readonly by: Reviewer;
      readonly digest: Digest;
      readonly note?: string;
    },
  ): Approval;
  readonly events: EventEmitter<{ event: [ServiceEvent] }>;
  readonly log: ServiceLog;
  metrics(): string;
  /** See `ActionQueue.close`. */
  close(graceMs: number): Promise<void>;
}

const MOST_LISTED = 1000;
const MOST_WAITING = 100_000;
/** Actions that ended longer ago are forgotten; the audit log has them. */
const KEPT_MS = 7 * 24 * 60 * 60 * 1000;

/** Opens the queue and all that is told of it. One service a state directory: the caller has its lock. */
export async function openService(controller: Controller, log: ServiceLog): Promise<Service> {
  const { store } = controller;
  const ledger = await store.openLedger();
  const { actions, approvals } = ledger;
  actions.forget(new Date(Date.now() - KEPT_MS).toISOString());
  const events = new EventEmitter<{ event: [ServiceEvent] }>();
  events.setMaxListeners(0);
  const queue = openQueue({
    actions,
    capacity: toCapacity(),
    weigh: weighAction,
    onError: (error) => log.error("an action could not be carried on", { error: String(error) }),
    carryOut: (request, watch) => carryOutAction(toQuiet(controller, log), request, watch),
  });
  queue.changes.on("change", (record) => {
    events.emit("event", { event: "action", record });
    // What is accepted is in the ledger and the audit log; here it would be half of the work.
    if (record.state !== "queued")
      log.info(`${record.action} ${record.state}`, toLogFields(record));
  });
  const stop = new AbortController();
  const watching = watchApprovals(ledger, {
    signal: stop.signal,
    tell: (record) => events.emit("event", { event: "approval", record }),
  });
  return {
    ...toReaders(controller, ledger),
    ...toQueueParts(controller, { queue, ledger, events }),
    answer: (id, answer) => approvals.answer(id, answer),
    ...{ events, log },
    metrics: () =>
      renderMetrics({
        load: queue.load,
        counts: actions.count(),
        approvals: approvals.list({ state: "waiting" }).length,
      }),
    close: async (graceMs) => {
      await queue.close(graceMs);
      stop.abort();
      await watching;
      ledger[Symbol.dispose]();
    },
  };
}

function toReaders(
  { store }: Controller,
  { actions, approvals }: Ledger,
): Pick<
  Service,
  "readAction" | "listActions" | "listSessions" | "readSession" | "listApprovals" | "readApproval"
> {
  return {
    readAction: (id) => actions.read(id),
    listActions: ({ all }) =>
      all
        ? actions.list({ newest: MOST_LISTED })
        : actions.list({ states: ["running", "queued"], newest: MOST_LISTED }),
    listSessions: async () => (await store.listSessions()).sessions,
    readSession: (id) => store.readSession(id),
    listApprovals: async ({ all }) => {
      await settleEnded({ store }, approvals);
      return approvals.list(all ? {} : { state: "waiting" });
    },
    readApproval: (id) => approvals.read(id),
  };
}

function toQueueParts(
  { store }: Controller,
  parts: {
    readonly queue: ActionQueue;
    readonly ledger: Ledger;
    readonly events: Service["events"];
  },
): Pick<Service, "submit" | "cancel" | "waitAction"> {
  const { queue, ledger, events } = parts;
  return {
    submit: async (asked) => {
      if (queue.load.waiting >= MOST_WAITING)
        throw new SandboxError("busy", "too many actions wait already", {
          hint: "try again later",
        });
      return await queue.submit(await draftAction(store, asked));
    },
    cancel: (id) => {
      ledger.actions.read(id);
      return queue.cancel(id);
    },
    waitAction: async (id, signal) => {
      signal.throwIfAborted();
      const now = ledger.actions.read(id);
      if (isOver(now)) return now;
      return await new Promise((resolve, reject) => {
        const stop = (): void => {
          events.off("event", listen);
          signal.removeEventListener("abort", abort);
        };
        const listen = (told: ServiceEvent): void => {
          if (told.event !== "action" || told.record.action !== id || !isOver(told.record)) return;
          stop();
          resolve(told.record);
        };
        const abort = (): void => {
          stop();
          reject(signal.reason);
        };
        events.on("event", listen);
        signal.addEventListener("abort", abort);
      });
    },
  };
}

function isOver({ state }: ActionRecord): boolean {
  return state !== "queued" && state !== "running";
}

/** What a person at a terminal would be told goes into the log. */
function toQuiet(controller: Controller, log: ServiceLog): Controller {
  return { ...controller, notice: (line) => log.info(line, {}) };
}

function toLogFields({ action, request, submitter, session, result }: ActionRecord): object {
  return {
    ...{ action, kind: request.kind, submitter },
    ...(session === undefined ? {} : { session }),
    ...(result === undefined ? {} : { exit: result.exit }),
    ...(result?.error === undefined ? {} : { error: result.error.message }),
  };
}
