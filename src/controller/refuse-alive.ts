import { rmSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../core/error.js";
import type { SessionRecord } from "../core/session.js";
import type { Engine, Leftover } from "../engine/engine.js";
import type { Controller } from "./controller.js";

/**
 * Ends what is left of the session's sandbox, so that its layers can be read. Throws `busy` while anything of it runs: after
 * the program was killed the kernel needs a moment to end it, and a daemon must answer; until then the layers can change.
 */
export async function refuseAlive(controller: Controller, record: SessionRecord): Promise<void> {
  refuseRunning(controller, record);
  await endLeft(controller, record, (engine, left) => engine.settle(left));
}

/**
 * Ends what is left of the sandbox of a session that is given up, with all that only it holds. Returns what could not be ended.
 * Throws `busy` while a sandbox without a daemon is still being ended.
 */
export async function abandonSandbox(
  controller: Controller,
  record: SessionRecord,
): Promise<Leftover | undefined> {
  refuseRunning(controller, record);
  return await endLeft(controller, record, (engine, left) => engine.abandon(left));
}

function refuseRunning({ host }: Controller, { session }: SessionRecord): void {
  if (!host.isSandboxAlive(session)) return;
  throw new SandboxError("busy", `the sandbox of ${session} is still being ended`, {
    hint: "try again in a moment",
  });
}

async function endLeft<T>(
  controller: Controller,
  record: SessionRecord,
  end: (engine: Engine, left: Parameters<Engine["settle"]>[0]) => Promise<T>,
): Promise<T | undefined> {
  const { session } = record;
  // A task that was waited for to its end has left nothing.
  if (record.sealedNs !== undefined) return undefined;
  const engine = await controller.openEngine({
    engine: record.engine,
    runtime: undefined,
    ...(record.daemon !== undefined && { daemon: record.daemon }),
  });
  const scratchDir = path.join(controller.store.sessionDir(session), "scratch");
  const ended = await end(engine, { spec: record.spec, sandboxId: session, scratchDir });
  if (ended === undefined) rmSync(scratchDir, { recursive: true, force: true });
  return ended;
}
