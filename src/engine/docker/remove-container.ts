import { setTimeout as delay } from "node:timers/promises";
import { SandboxError } from "../../core/error.js";
import type { Daemon } from "./open-daemon.js";

const POLL_MS = 200;
const MOST_POLLS = 150;

/**
 * Ends and removes a container with its anonymous volumes; one that is gone is no error, and where somebody else removes it
 * it is waited for. Throws `sandbox-unavailable`.
 */
export async function removeContainer(daemon: Daemon, container: string): Promise<void> {
  const path = `/containers/${container}`;
  const remove = (): Promise<unknown> =>
    daemon.request({
      method: "DELETE",
      path,
      query: { force: true, v: true },
      doing: "remove a container",
      tolerate: [404],
    });
  try {
    await remove();
  } catch (error) {
    if (!isBeingRemoved(error)) throw error;
    await waitUntilGone(daemon, path);
  }
}

/** moby, `daemon/delete.go`: 409, "removal of container … is already in progress". */
function isBeingRemoved(error: unknown): boolean {
  return error instanceof SandboxError && /removal .*already in progress/i.test(error.message);
}

async function waitUntilGone(daemon: Daemon, path: string): Promise<void> {
  for (let polls = 0; polls < MOST_POLLS; polls += 1) {
    const answer = await daemon.request({
      method: "GET",
      path: `${path}/json`,
      doing: "look at the container",
      tolerate: [404],
    });
    if (answer === undefined) return;
    await delay(POLL_MS);
  }
  throw new SandboxError("sandbox-unavailable", "a container's removal does not come to its end", {
    hint: "`docker ps -a` shows it; restarting the daemon ends it",
  });
}
