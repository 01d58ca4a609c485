import { existsSync } from "node:fs";
import path from "node:path";
import type { SessionId } from "../core/ids.js";
import type { SessionRecord } from "../core/session.js";
import { removeLayers } from "../overlay/remove-layers.js";
import type { Controller } from "./controller.js";
import { lockCommit } from "./lock-workspaces.js";
import { abandonSandbox } from "./refuse-alive.js";
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
  const { store } = controller;
  const { dryRun, allImages } = asked;
  if (!dryRun) store.appendAudit({ event: "prune.started", data: { allImages } }, { sign: false });
  const report = await prune(controller, asked);
  const { removed, others } = report;
  if (!dryRun) store.appendAudit({ event: "prune.ended", data: { removed, others } });
  return report;
}

async function prune(
  controller: Controller,
  asked: { readonly dryRun: boolean; readonly allImages: boolean },
): Promise<PruneReport> {
  const removed: SessionId[] = [];
  const kept: { session: SessionId; why: string }[] = [];
  for (const record of (await controller.store.listSessions()).sessions) {
    const why = reasonToKeep(record);
    const { session } = record;
    if (why !== undefined) {
      kept.push({ session, why });
      continue;
    }
    const hadLayers = hasLayers(record);
    const left = asked.dryRun ? undefined : await pruneOne(controller, session);
    if (left !== undefined) kept.push({ session, why: left });
    else if (hadLayers) removed.push(session);
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
  const { sessions, damaged } = await controller.store.listSessions();
  // Nobody knows what became of a session whose record cannot be read.
  const unreadable = damaged.map(({ path: file }) => path.basename(path.dirname(file)));
  const alive = new Set([
    ...sessions.filter(reasonToKeep).map(({ session }) => String(session)),
    ...unreadable,
  ]);
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
      return "running";
    case "partial":
      return "partly committed";
    case "interrupted":
      return "interrupted, may hold changes";
    case "pending":
      return isEmpty(record) ? undefined : "changes pending";
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

function hasLayers(record: SessionRecord): boolean {
  return record.layers.some(({ upper }) => existsSync(path.dirname(upper)));
}

/** Under the session's lock, and only if nothing has become pending meanwhile. Returns why it was kept. */
async function pruneOne(controller: Controller, session: SessionId): Promise<string | undefined> {
  const before = await controller.store.readSession(session);
  await recoverBefore(controller, before.workspaces);
  await using _locks = await lockCommit(controller, before);
  const record = await controller.store.readSession(session);
  const why = reasonToKeep(record);
  if (why !== undefined) return why;
  if (hasLayers(record)) {
    const leftover = await abandonSandbox(controller, record);
    if (leftover?.isWriting === true)
      return "given up, but the daemon that may still run it does not answer";
    for (const layers of record.layers) removeLayers(layers);
  }
  // Without its layers no task can go on from it.
  if (record.state === "pending")
    controller.store.updateSession({ ...record, state: "discarded" }, { durable: false });
  controller.store.removeSession(session, { keepRecord: true });
  return undefined;
}
