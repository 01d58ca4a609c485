import { type RecoveryReport, recoverCommit } from "../commit/recover-commit.js";
import { readApplied } from "../commit/read-applied.js";
import { isSandboxError, SandboxError } from "../core/error.js";
import { isInside } from "../core/system-path.js";
import type { Changeset } from "../core/change.js";
import type { CommitId } from "../core/ids.js";
import type { CommitRecord } from "../core/session.js";
import { tellUsed } from "./approvals/use-approvals.js";
import type { Controller, Native } from "./controller.js";
import { toChangeEntries } from "./log-changes.js";
import { lockWorkspaces } from "./lock-workspaces.js";
import { settleSession } from "./settle-session.js";
import { markRolledBack } from "./mark-rolled-back.js";

/** One interrupted commit and what became of it. */
export interface Recovered {
  readonly commit: CommitId;
  readonly report: RecoveryReport;
}

/** What could be recovered, and the commits that could not: one never stops the others. */
export interface RecoveryRun {
  readonly recovered: readonly Recovered[];
  readonly failed: readonly { readonly commit: CommitId; readonly error: unknown }[];
}

/**
 * Finishes or undoes the interrupted commits that touch one of `workspaces` (undefined: all of this user's).
 * Commits on other workspaces are left alone: one workspace never blocks another.
 */
export async function recoverWorkspaces(
  controller: Controller,
  workspaces: readonly string[] | undefined,
): Promise<RecoveryRun> {
  const recovered: Recovered[] = [];
  const failed: { commit: CommitId; error: unknown }[] = [];
  for (const commit of controller.store.listHot()) {
    try {
      const report = await recoverOne(controller, commit, workspaces);
      if (report !== undefined) recovered.push({ commit, report });
    } catch (error) {
      failed.push({ commit, error });
    }
  }
  return { recovered, failed };
}

/**
 * The same before work on `workspaces`, told in one line each. Throws `conflict` where something had to be
 * left for a person: no new work is laid over a half-recovered tree.
 */
export async function recoverBefore(
  controller: Controller,
  workspaces: readonly string[],
): Promise<void> {
  if (controller.store.listHot().length === 0) return;
  const { recovered, failed } = await recoverWorkspaces(controller, workspaces);
  for (const { error } of failed) throw error;
  for (const { commit, report } of recovered) {
    controller.notice(`commit ${commit} was interrupted; it has been ${report.outcome}`);
    if (report.left.length > 0) throw leftover(commit, report);
  }
}

/** The error that names what recovery did not touch. */
function leftover(commit: CommitId, report: RecoveryReport): SandboxError {
  const names = report.left.map((entry) => `${entry.path} (${entry.reason})`).join(", ");
  return new SandboxError("conflict", `commit ${commit} could not be recovered in full: ${names}`, {
    hint: "both versions are kept; decide by hand, then run `sandbox recover` again",
  });
}

/** Under its locks; undefined where it is on other workspaces, or ended meanwhile. */
async function recoverOne(
  controller: Controller,
  commit: CommitId,
  workspaces: readonly string[] | undefined,
): Promise<RecoveryReport | undefined> {
  const record = await controller.store.readCommit(commit);
  if (workspaces !== undefined && !overlaps(record.workspaces, workspaces)) return undefined;
  await using _locks = await lockWorkspaces(controller, record.workspaces);
  const { store } = controller;
  if (!store.listHot().includes(commit)) return undefined;
  const subject = { session: record.session, commit };
  store.appendAudit({ event: "recover.started", ...subject }, { sign: false });
  const report = await recoverLocked(controller, commit);
  const left = report.left.map(({ path }) => path);
  const { outcome } = report;
  const pending = outcome === "finished" ? await readPending(controller, record) : undefined;
  store.appendAudit([
    ...toChangeEntries({ event: "session.changes", ...subject }, pending?.changes ?? []),
    {
      ...{ event: "recover.ended", ...subject },
      ...(pending === undefined ? {} : { digest: pending.digest }),
      data: { outcome, left, listed: pending !== undefined },
    },
  ]);
  return report;
}

/** What the session of a commit holds after it; undefined for a rollback, and where it is gone. */
async function readPending(
  { store }: Controller,
  { session, undoes }: CommitRecord,
): Promise<Changeset | undefined> {
  if (undoes !== undefined) return undefined;
  try {
    return await store.readChangeset(session);
  } catch (error) {
    if (isSandboxError(error) && error.code === "not-found") return undefined;
    throw error;
  }
}

/** Recovers one commit whose workspaces are locked, and brings the records up to date. */
export async function recoverLocked(
  controller: Controller,
  commit: CommitId,
): Promise<RecoveryReport> {
  const { store, host } = controller;
  const native = await host.native();
  const report = readReport(store.commitDir(commit), native);
  if (report.left.length > 0) return report;
  await settleCommit(controller, commit, report);
  store.removeComposed(commit);
  store.clearHot(commit);
  return report;
}

/** Marked, but killed before there was a journal: nothing had been touched. */
function readReport(commitDir: string, native: Native): RecoveryReport {
  try {
    return recoverCommit({ commitDir, native });
  } catch (error) {
    if (!isSandboxError(error) || error.code !== "not-found") throw error;
    return { outcome: "undone", left: [], workspaces: [] };
  }
}

/** The session behind an interrupted commit: its record is written after the journal, so it may lag behind. */
async function settleCommit(
  controller: Controller,
  commit: CommitId,
  report: RecoveryReport,
): Promise<void> {
  const { store } = controller;
  const record = await store.readCommit(commit);
  const finished = report.outcome === "finished";
  store.updateCommit({ ...record, state: finished ? "sealed" : "undone" });
  if (!finished) await tellUsed(controller, record);
  if (record.undoes !== undefined) {
    if (finished) await markRolledBack(controller, record.undoes);
    return;
  }
  const taken = finished ? readApplied(store.commitDir(commit)) : [];
  const session = await store.readSession(record.session);
  if (session.state === "discarded") return;
  const changeset = await store.readChangeset(record.session);
  await settleSession(
    controller,
    { record: session, changeset },
    { taken, ...(finished ? { commit } : {}) },
  );
}

function overlaps(left: readonly string[], right: readonly string[]): boolean {
  return left.some((one) => right.some((two) => isInside(one, two) || isInside(two, one)));
}
