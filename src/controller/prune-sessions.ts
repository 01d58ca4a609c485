import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { removeLayers } from "../overlay/remove-layers.js";
import type { Controller } from "./controller.js";
import { lockCommit } from "./lock-workspaces.js";
import { pruneSandboxes } from "./prune-sandboxes.js";
import { recoverBefore } from "./recover-workspaces.js";

/** What was removed, and what was kept because somebody may still want it. */
export interface PruneReport {
  readonly removed: readonly SessionId[];
  readonly kept: readonly { readonly session: SessionId; readonly why: string }[];
  /** What else was removed, a line each: left by killed processes, and images. */
  readonly others: readonly string[];
}

/**
 * Removes the layers of sessions that are committed, discarded or failed, or that changed nothing. A session
 * with pending changes is never touched: `discard` drops it, by name. With `dryRun` nothing is removed.
 */
export async function pruneSessions(
  controller: Controller,
  asked: { readonly dryRun: boolean; readonly allImages: boolean },
): Promise<PruneReport> {
  const removed: SessionId[] = [];
  const kept: { session: SessionId; why: string }[] = [];
  for (const record of (await controller.store.listSessions()).sessions) {
    const why = reasonToKeep(record);
    if (why !== undefined) kept.push({ session: record.session, why });
    else if (asked.dryRun || (await pruneOne(controller, record.session)))
      removed.push(record.session);
  }
  const others = await pruneEngine(controller, asked);
  return { removed, kept, others: [...others, ...(await pruneSandboxes(controller, asked))] };
}

/** What sandboxes of killed processes left, and with `allImages` the images that no session with layers has. */
async function pruneEngine(
  controller: Controller,
  { dryRun, allImages }: { readonly dryRun: boolean; readonly allImages: boolean },
): Promise<readonly string[]> {
  const engine = await controller.openEngine({ engine: "oci", runtime: undefined });
  const { sessions } = await controller.store.listSessions();
  const alive = new Set(sessions.filter(reasonToKeep).map(({ session }) => String(session)));
  return await engine.prune({
    isKept: (sandboxId) => alive.has(sandboxId),
    dryRun,
    ...(allImages ? { isImageUsed: (id: string) => isImageUsed(controller, id) } : {}),
  });
}

async function isImageUsed({ store }: Controller, id: string): Promise<boolean> {
  const { sessions, damaged } = await store.listSessions();
  return (
    damaged.length > 0 ||
    sessions.some((record) => record.spec.image?.id === id && reasonToKeep(record) !== undefined)
  );
}

function reasonToKeep(record: SessionRecord): string | undefined {
  switch (record.state) {
    case "running":
      return "it is running";
    case "partial":
      return "a part of it is not committed";
    case "interrupted":
      return "it was interrupted and may hold changes";
    case "pending":
      return isEmpty(record) ? undefined : "its changes are pending";
    case "committed":
    case "discarded":
    case "failed":
      return undefined;
  }
}

function isEmpty(record: SessionRecord): boolean {
  const { counts } = record;
  return counts !== undefined && counts.added + counts.modified + counts.deleted === 0;
}

/** Under the session's lock, and only if nothing has become pending meanwhile. */
async function pruneOne(controller: Controller, session: SessionId): Promise<boolean> {
  const before = await controller.store.readSession(session);
  await recoverBefore(controller, before.workspaces);
  await using _locks = await lockCommit(controller, before);
  const record = await controller.store.readSession(session);
  if (reasonToKeep(record) !== undefined) return false;
  for (const layers of record.layers) removeLayers(layers);
  controller.store.removeSession(session, { keepRecord: true });
  return true;
}
