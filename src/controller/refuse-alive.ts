import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import type { Controller } from "./controller.js";

/**
 * Throws `busy` while anything of the session's sandbox runs: after the program was killed the kernel needs a moment to end
 * it, and until then its layers can change.
 */
export function refuseAlive(controller: Controller, session: SessionId): void {
  if (!controller.host.isSandboxAlive(session)) return;
  throw new SandboxError("busy", `the sandbox of ${session} is still being ended`, {
    hint: "try again in a moment",
  });
}
