import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/** A session whose task has ended. */
interface Stopped {
  readonly record: SessionRecord;
  /** False: it did not run when this was asked for. */
  readonly didRun: boolean;
}

const POLL_MS = 50;
/** A task has two seconds to end by itself; then what it left is read, which may be much. */
const PATIENCE_MS = 60_000;

/**
 * Asks whoever runs the task of `session` to end it (SIGTERM, then SIGKILL to everything), and waits until what it left can be reviewed.
 * A session that does not run is no error. Throws `busy` where it does not come to its end.
 */
export async function stopSession(controller: Controller, session: SessionId): Promise<Stopped> {
  const { store } = controller;
  const before = await store.readSession(session);
  if (before.state !== "running") return { record: before, didRun: false };
  const { revision } = before;
  store.appendAudit({ event: "stop.asked", session, data: { revision } });
  store.askStop(session, revision);
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    await delay(POLL_MS);
    const record = await store.readSession(session);
    if (record.state !== "running" || record.revision !== revision) return { record, didRun: true };
  }
  throw new SandboxError("busy", `session ${session} was asked to end and has not yet`, {
    hint: `if it does not, end the process that runs it, ${before.owner.pid}: what the task changed is kept`,
  });
}
