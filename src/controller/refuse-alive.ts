import { rmSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../core/error.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/**
 * Ends what is left of the session's sandbox, so that its layers can be read. Throws `busy` while anything of it runs: after
 * the program was killed the kernel needs a moment to end it, and a daemon must answer; until then the layers can change.
 */
export async function refuseAlive(controller: Controller, record: SessionRecord): Promise<void> {
  const { session } = record;
  if (controller.host.isSandboxAlive(session))
    throw new SandboxError("busy", `the sandbox of ${session} is still being ended`, {
      hint: "try again in a moment",
    });
  // A task that was waited for to its end has left nothing; the kernel ends what has no daemon.
  if (record.daemon === undefined || record.sealedNs !== undefined) return;
  const engine = await controller.openEngine({
    engine: record.engine,
    runtime: undefined,
    daemon: record.daemon,
  });
  const scratchDir = path.join(controller.store.sessionDir(session), "scratch");
  await engine.settle({ spec: record.spec, sandboxId: session, scratchDir });
  rmSync(scratchDir, { recursive: true, force: true });
}
