import type { RollbackPlan } from "../commit/plan-rollback.js";
import type { AuditEntry, JsonValue } from "../core/audit-entry.js";
import type { BaseState, Change, NextState } from "../core/change.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";

/**
 * One path of a list of changes as the audit log keeps it: workspace, path, what is done, the digest of the change (null in a rollback), and the
 * content before and after: a digest in hexadecimal, else the type; null where there is nothing.
 */
export type LoggedChange = readonly [
  workspace: number,
  path: RelPath,
  kind: string,
  digest: string | null,
  before: string | null,
  after: string | null,
];

/** Of the list that entries belong to. */
interface ListSubject {
  readonly event: string;
  readonly session: SessionId;
  readonly commit?: CommitId;
}

const MOST_CHANGES = 200;
const MOST_CHARACTERS = 48 << 10;

/** Changes as entries of a bounded size, in order. What they belong to is said by the entry that follows. */
export function* toChangeEntries(
  subject: ListSubject,
  changes: readonly Change[],
): Generator<AuditEntry> {
  yield* toEntries(subject, changes, ({ workspace, path, kind, digest, before, after }) => [
    ...[workspace, path, kind, toHex(digest)],
    ...[toContent(before), toContent(after)],
  ]);
}

/** What a rollback does, likewise. */
export function* toRollbackEntries(
  subject: ListSubject,
  { drafts, restore }: RollbackPlan,
): Generator<AuditEntry> {
  const actions = new Map(restore.map((one) => [`${one.workspace}/${one.path}`, one.action]));
  yield* toEntries(subject, drafts, ({ workspace, path, present, known, after }) => {
    const before = present === undefined ? undefined : { type: present.type, ...known };
    const action = actions.get(`${workspace}/${path}`) ?? "restore";
    return [workspace, path, action, null, toContent(before), toContent(after)];
  });
}

function* toEntries<T>(
  subject: ListSubject,
  items: readonly T[],
  toRow: (item: T) => readonly JsonValue[],
): Generator<AuditEntry> {
  let rows: JsonValue[] = [];
  let length = 0;
  for (const item of items) {
    const row = toRow(item);
    rows.push(row);
    length += JSON.stringify(row).length;
    if (rows.length < MOST_CHANGES && length < MOST_CHARACTERS) continue;
    yield { ...subject, data: { changes: rows } };
    rows = [];
    length = 0;
  }
  if (rows.length > 0) yield { ...subject, data: { changes: rows } };
}

/** The content of a path: its digest, else what it is; null where there is nothing. */
export function toContent(
  state: Pick<BaseState | NextState, "type" | "digest"> | undefined,
): string | null {
  if (state === undefined) return null;
  return state.digest === undefined ? state.type : toHex(state.digest);
}

function toHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}
