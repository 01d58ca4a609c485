import type { Outcome, SandboxSpec } from "../../core/sandbox-spec.js";
import type { Daemon } from "./open-daemon.js";
import { pick } from "./parse-answer.js";

/** Our init says 128 and the number where a signal ended the task; see `oci/stage-channel.ts`. */
const SIGNAL_BASE = 128;
const LAST_SIGNAL = 31;

/** How a task ended, by its container's exit code. */
export function toOutcome(code: number): Outcome {
  const signal = code - SIGNAL_BASE;
  if (signal >= 1 && signal <= LAST_SIGNAL) return { outcome: "signalled", signal };
  return { outcome: "exited", code };
}

/**
 * 1 where a process of an ended container was killed at the limit of memory: Docker tells that there was one, not how many. Only of a task
 * that has such a limit and did not end well is it asked; an answer that does not come is none.
 */
export async function countMemoryKills(
  of: {
    readonly daemon: Daemon;
    readonly container: string;
    readonly spec: Pick<SandboxSpec, "limits">;
  },
  outcome: Outcome,
): Promise<0 | 1> {
  const isGood = outcome.outcome === "exited" && outcome.code === 0;
  if (of.spec.limits.memoryBytes === undefined || isGood) return 0;
  const path = `/containers/${of.container}/json`;
  const state = await of.daemon
    .request({ method: "GET", path, doing: "look at the container", tolerate: [404] })
    .then((answer) => pick(answer, "State"))
    .catch(() => undefined);
  return pick(state, "OOMKilled") === true ? 1 : 0;
}
