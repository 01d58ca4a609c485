import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Leftover } from "../engine/engine.js";
import { removeLayers } from "../overlay/remove-layers.js";
import type { Controller } from "./controller.js";
import { lockCommit } from "./lock-workspaces.js";
import { abandonSandbox } from "./refuse-alive.js";
import { recoverBefore } from "./recover-workspaces.js";
import { toBusy } from "./to-busy.js";

/** A session that was dropped. */
interface Discarded {
  readonly record: SessionRecord;
  /** What may still be with its daemon, until `prune`. */
  readonly leftover?: Leftover;
}

/**
 * Drops a session's layers; its record stays, so that one can see what there was. Its daemon need not answer: nobody wants what it
 * holds. Throws `busy` while it runs.
 */
export async function discardSession(
  controller: Controller,
  session: SessionId,
): Promise<Discarded> {
  const { store } = controller;
  // Layers of a half-applied commit hold a part of the person's own tree: they go back first.
  const before = await store.readSession(session);
  await recoverBefore(controller, before.workspaces);
  await using _locks = await lockCommit(controller, before);
  const record = await store.readSession(session);
  if (record.state === "running") throw toBusy(record, "it can be dropped when its task has ended");
  if (record.state === "discarded") return { record };
  store.appendAudit({ event: "discard.started", session }, { sign: false });
  const leftover = await abandonSandbox(controller, record);
  const next: SessionRecord = {
    ...record,
    state: record.state === "committed" ? "committed" : "discarded",
  };
  // What a task may still write to goes when its daemon answers: with `prune`.
  if (leftover?.isWriting !== true) for (const layers of record.layers) removeLayers(layers);
  store.updateSession(next);
  store.appendAudit({ event: "session.discarded", session });
  if (store.hasLedger()) {
    using ledger = await store.openLedger();
    ledger.approvals.withdraw(session);
  }
  return { record: next, ...(leftover === undefined ? {} : { leftover }) };
}
