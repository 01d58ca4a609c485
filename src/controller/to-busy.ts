import { SandboxError } from "../core/error.js";
import type { SessionRecord } from "../core/session.js";

/**
 * The refusal of what cannot be done while a task of the session runs. A frozen one ends only once its question is answered: then the hint is
 * that question, otherwise it is `hint`.
 */
export function toBusy(
  { session, frozen }: Pick<SessionRecord, "session" | "frozen">,
  hint: string,
): SandboxError {
  if (frozen === undefined)
    return new SandboxError("busy", `session ${session} is still running`, {
      hint: `${hint}; sandbox stop ${session} ends it`,
    });
  return new SandboxError("busy", `session ${session} is still running: its task is frozen`, {
    hint: `let it go on: sandbox approve ${frozen}; end it: sandbox deny ${frozen}`,
  });
}
