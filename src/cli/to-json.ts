import type { CommitReport } from "../controller/carry-out-commit.js";
import type { RefreshReport } from "../controller/refresh-session.js";
import type { ReviewedChange, SessionReview } from "../controller/session-review.js";
import type { BaseState, Change, NextState } from "../core/change.js";
import { type PathObject, type RelPath, toPathObject } from "../core/path.js";
import type { CommitRecord, SessionRecord } from "../core/session.js";
import type { Origin } from "../review/moves.js";
import { isFrozen, toRolledBack } from "./rolled-back.js";
import { toJsonLine } from "./to-json-line.js";

/** One JSON object on stdout, for a program. */
export function writeJson(stdout: NodeJS.WriteStream, schema: string, value: object): void {
  stdout.write(toJsonLine({ schema: `${schema}/1`, ...value }));
}

/** A place in a workspace of a list. */
export interface Place {
  readonly workspace: number;
  readonly path: RelPath;
}

/** `place` as every `--json` writes a path. */
export function toPath(workspaces: readonly string[], place: Place): PathObject {
  return toPathObject(workspaces[place.workspace] ?? "", place.path);
}

/** What is said of a change beside it. */
export interface ChangeRemarks {
  readonly conflict: string | undefined;
  /** What an added file was made of. */
  readonly origin: Origin | undefined;
  /** Where a deleted one went. */
  readonly movedTo: Change | undefined;
}

/** A reviewed change as `diff --json` writes it. */
export function toChangeObject(
  review: SessionReview,
  item: ReviewedChange,
  { conflict, origin, movedTo }: ChangeRemarks,
): object {
  const at = (place: Place): PathObject => toPath(review.changeset.workspaces, place);
  const { change, risks, decision, ignored } = item;
  return {
    ...toPath(review.changeset.workspaces, change),
    kind: change.kind,
    type: (change.after ?? change.before)?.type,
    ...(change.before === undefined ? {} : { before: toStateObject(change.before) }),
    ...(change.after === undefined ? {} : { after: toStateObject(change.after) }),
    risks,
    decision: decision.decision,
    ignored,
    ...(origin === undefined ? {} : toOriginFields(origin, at(origin.from))),
    ...(movedTo === undefined ? {} : { movedTo: at(movedTo) }),
    ...(conflict === undefined ? {} : { conflict }),
  };
}

function toOriginFields({ kind, similarity }: Origin, from: PathObject): object {
  return { [kind === "move" ? "movedFrom" : "copiedFrom"]: from, similarity };
}

/** A session as `ls --json` and `show --json` write it. */
export function toSessionObject(record: SessionRecord, commits: readonly CommitRecord[]): object {
  const rolledBack = toRolledBack(record, commits);
  return {
    session: record.session,
    ...(record.name === undefined ? {} : { name: record.name }),
    state: record.state,
    ...(isFrozen(record) ? { frozen: record.frozen } : {}),
    command: record.command,
    workspaces: record.workspaces,
    startedAt: record.startedAt,
    ...(record.endedAt === undefined ? {} : { endedAt: record.endedAt }),
    ...(record.digest === undefined ? {} : { digest: record.digest }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
    ...(record.counts === undefined ? {} : { changes: record.counts }),
  };
}

/** A commit as `commit --json` writes it. */
export function toCommitObject(report: CommitReport): object {
  const paths = (list: readonly Place[]): readonly PathObject[] =>
    list.map((place) => toPath(report.workspaces, place));
  return {
    commit: report.commit ?? null,
    session: report.session,
    digest: report.digest,
    applied: paths(report.applied),
    merged: paths(report.merged),
    skipped: paths(report.skipped),
    conflicts: toConflictObjects(report.workspaces, report.conflicts),
  };
}

/** A refresh as `refresh --json` writes it. */
export function toRefreshObject(report: RefreshReport): object {
  const { session, revision, digest, workspaces } = report.record;
  const paths = (list: readonly Place[]): readonly PathObject[] =>
    list.map((place) => toPath(workspaces, place));
  return {
    ...{ session, revision, digest },
    visible: paths(report.visible),
    dropped: paths(report.dropped),
    conflicts: toConflictObjects(workspaces, report.conflicts),
    answers: report.answers,
  };
}

function toConflictObjects(
  workspaces: readonly string[],
  conflicts: CommitReport["conflicts"],
): readonly object[] {
  return conflicts.map((conflict) => ({
    ...toPath(workspaces, conflict),
    ...toConflictFields(conflict),
  }));
}

function toConflictFields(conflict: CommitReport["conflicts"][number]): object {
  const { reason, task = "", host = "", ways = [] } = conflict;
  return { reason, task, host, ways };
}

function toStateObject(state: BaseState | NextState): object {
  const { type, mode, uid, gid, size, digest, target } = state;
  return {
    type,
    mode,
    uid,
    gid,
    size,
    ...(digest === undefined ? {} : { digest }),
    ...(target === undefined ? {} : { target: target.toWellFormed() }),
  };
}
