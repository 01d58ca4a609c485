import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { removeLayers } from "../overlay/remove-layers.js";
import type { Controller } from "./controller.js";
import { lockCommit } from "./lock-workspaces.js";
import { refuseAlive } from "./refuse-alive.js";
import { recoverBefore } from "./recover-workspaces.js";

/** Drops a session's layers; its record stays, so that one can see what there was. Throws `busy` while it runs. */
export async function discardSession(
  controller: Controller,
  session: SessionId,
): Promise<SessionRecord> {
  const { store } = controller;
  // Layers of a half-applied commit hold a part of the person's own tree: they go back first.
  const before = await store.readSession(session);
  await recoverBefore(controller, before.workspaces);
  await using _locks = await lockCommit(controller, before);
  const record = await store.readSession(session);
  if (record.state === "running")
    throw new SandboxError("busy", `session ${session} is still running`, {
      hint: "end its task first",
    });
  if (record.state === "discarded") return record;
  await refuseAlive(controller, record);
  const next: SessionRecord = {
    ...record,
    state: record.state === "committed" ? "committed" : "discarded",
  };
  for (const layers of record.layers) removeLayers(layers);
  store.updateSession(next);
  store.appendAudit({ event: "session.discarded", session });
  return next;
}
