import type { Changeset } from "../core/change.js";
import type { SessionRecord, SessionState } from "../core/session.js";
import type { Controller } from "./controller.js";
import { countFailure } from "./count-failures.js";
import { readLayers } from "./read-layers.js";
import type { TaskEnd } from "./supervise-task.js";

/** A run that is over: its session and what it left. */
export interface RunResult {
  readonly record: SessionRecord;
  readonly changeset: Changeset;
}

/** Reads and seals what the task left, and writes the session's final record. */
export async function finishRun(
  controller: Controller,
  record: SessionRecord,
  end: TaskEnd,
): Promise<RunResult> {
  const sealed = await readLayers(controller, record);
  const ended: SessionRecord = {
    ...record,
    ...sealed.fields,
    state: stateAfter(end),
    runtime: end.runtime,
    limits: end.limits,
    outcome: end.outcome,
    durationMs: end.durationMs,
    endedAt: new Date().toISOString(),
    ...(end.outcome.outcome === "interrupted" ? { reason: end.outcome.reason } : {}),
  };
  const failures = countFailure(ended);
  const next = failures === undefined ? ended : { ...ended, failures };
  // A power cut may take the record of a run that changed nothing: there is nothing else to lose.
  const durable = sealed.changeset.changes.length > 0;
  controller.store.updateSession(next, { durable });
  const { session } = record;
  const { digest, changes } = sealed.changeset;
  const entry = {
    ...{ event: "run.ended", session, digest },
    data: { outcome: { ...end.outcome }, counts: { ...sealed.fields.counts } },
  };
  if (!durable) controller.store.appendAudit(entry, { durable });
  else {
    const { toChangeEntries } = await import("./log-changes.js");
    controller.store.appendAudit([
      ...toChangeEntries({ event: "run.changes", session }, changes),
      entry,
    ]);
  }
  return { record: next, changeset: sealed.changeset };
}

function stateAfter(end: TaskEnd): SessionState {
  return end.outcome.outcome === "interrupted" ? "interrupted" : "pending";
}
