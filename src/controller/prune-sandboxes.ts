import path from "node:path";
import { parseSessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import type { Controller } from "./controller.js";
import { refuseAlive } from "./refuse-alive.js";

/**
 * Removes what sandboxes of dead controllers left with the daemons that sessions of ours have used, after what they hold
 * has been brought back. A daemon that does not answer is said, and left. Returns a line for each thing.
 */
export async function pruneSandboxes(
  controller: Controller,
  { dryRun }: { readonly dryRun: boolean },
): Promise<readonly string[]> {
  const { sessions, damaged } = await controller.store.listSessions();
  const ours = sessions.filter(({ daemon }) => daemon !== undefined);
  // Nobody knows what became of a session whose record cannot be read.
  const kept = new Set<string>(damaged.map(({ path: file }) => path.basename(path.dirname(file))));
  const known = new Set<string>(sessions.map(({ session }) => session));
  // Nor of one that this store does not have: its layers may be with the daemon alone.
  const isKept = (id: string): boolean =>
    kept.has(id) || (parseSessionId(id) !== undefined && !known.has(id));
  for (const record of ours)
    if (!(await isSettled(controller, record, dryRun))) kept.add(record.session);
  const lines: string[] = [];
  for (const daemon of new Set(ours.map((record) => record.daemon)))
    lines.push(...(await pruneDaemon(controller, { daemon, isKept, dryRun })));
  return lines;
}

/** False for what runs, and for what could not be ended and brought back. */
async function isSettled(
  controller: Controller,
  record: SessionRecord,
  dryRun: boolean,
): Promise<boolean> {
  if (record.state === "running") return false;
  if (dryRun || record.state !== "interrupted") return true;
  try {
    await refuseAlive(controller, record);
    return true;
  } catch (error) {
    controller.notice(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

async function pruneDaemon(
  controller: Controller,
  at: {
    readonly daemon: string | undefined;
    readonly isKept: (id: string) => boolean;
    readonly dryRun: boolean;
  },
): Promise<readonly string[]> {
  const { daemon, isKept, dryRun } = at;
  try {
    const engine = await controller.openEngine({ engine: "docker", runtime: undefined, daemon });
    return await engine.prune({ isKept, dryRun });
  } catch (error) {
    controller.notice(`sandbox: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
