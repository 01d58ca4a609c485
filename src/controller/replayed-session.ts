import type { AuditRecord, JsonValue } from "../core/audit-entry.js";
import { toChangesetDigest } from "../core/changeset-digest.js";
import type { Change } from "../core/change.js";
import { type CommitId, type Digest, parseDigest } from "../core/ids.js";
import type { LoggedChange } from "./log-changes.js";

/** A list of paths, by place (`workspace/path`). */
export type LoggedList = ReadonlyMap<string, LoggedChange>;

/** What the records of one session say of it. */
export interface ReplayedSession {
  /** What is pending; undefined where the log never had it. */
  readonly pending: LoggedList | undefined;
  /** The digest of the pending changeset as it was recorded with it. */
  readonly digest: Digest | undefined;
  readonly isDiscarded: boolean;
  /** Of each commit and rollback that was carried out: what it wrote. */
  readonly commits: ReadonlyMap<CommitId, LoggedList>;
  /** Where the log contradicts itself. */
  readonly faults: readonly string[];
}

/** Rebuilds a session from its records, in their order: what was pending, what was taken from it, what is left. */
export function replaySession(records: Iterable<AuditRecord>): ReplayedSession {
  const replay = new Replay();
  for (const record of records) replay.take(record);
  return replay.end();
}

class Replay {
  #pending: Map<string, LoggedChange> | undefined;
  #digest: Digest | undefined;
  #isDiscarded = false;
  readonly #commits = new Map<CommitId, LoggedList>();
  readonly #faults: string[] = [];
  /** Lists whose last entry has not come yet, by event and commit. */
  readonly #lists = new Map<string, Map<string, LoggedChange>>();

  take(record: AuditRecord): void {
    const { event, commit, data } = record;
    const rows = data?.["changes"];
    if (rows !== undefined && isRows(rows)) this.#gather(`${event} ${commit ?? ""}`, rows);
    else this.#conclude(record);
  }

  end(): ReplayedSession {
    return {
      pending: this.#pending,
      digest: this.#digest,
      isDiscarded: this.#isDiscarded,
      commits: this.#commits,
      faults: this.#faults,
    };
  }

  #conclude(record: AuditRecord): void {
    const { event, commit, digest } = record;
    switch (event) {
      case "run.ended":
        this.#replace(this.#list("run.changes"), digest);
        break;
      case "session.read":
      case "session.refreshed":
        this.#replace(this.#list("session.changes"), digest);
        break;
      case "session.settled":
        this.#remove(this.#list("session.already"));
        break;
      case "session.discarded":
        this.#isDiscarded = true;
        break;
      case "commit.sealed":
        this.#seal(record);
        break;
      case "recover.ended":
        this.#recover(record);
        break;
      case "rollback.sealed":
        if (commit !== undefined) this.#commits.set(commit, this.#list("rollback.changes", commit));
        break;
    }
  }

  #gather(key: string, rows: readonly LoggedChange[]): void {
    const list = this.#lists.get(key) ?? new Map<string, LoggedChange>();
    this.#lists.set(key, list);
    for (const row of rows) list.set(`${row[0]}/${row[1]}`, row);
  }

  /** A list is used once: the next one of its kind begins anew. */
  #list(event: string, commit?: CommitId): Map<string, LoggedChange> {
    const key = `${event} ${commit ?? ""}`;
    const list = this.#lists.get(key) ?? new Map<string, LoggedChange>();
    this.#lists.delete(key);
    return list;
  }

  #replace(list: Map<string, LoggedChange>, digest: Digest | undefined): void {
    this.#pending = list;
    this.#check(digest);
  }

  #seal({ commit, digest, data }: AuditRecord): void {
    if (commit === undefined) return;
    this.#commit(commit);
    if (data?.["listed"] === true) this.#pending = this.#list("session.changes", commit);
    this.#check(digest);
  }

  /** A commit that was interrupted and found done. A rollback takes nothing from what is pending. */
  #recover({ commit, digest, data }: AuditRecord): void {
    if (commit === undefined || data?.["outcome"] !== "finished") return;
    const undone = this.#list("rollback.changes", commit);
    if (undone.size > 0) this.#commits.set(commit, undone);
    else this.#commit(commit);
    if (data["listed"] === true) this.#pending = this.#list("session.changes", commit);
    if (digest !== undefined) this.#check(digest);
  }

  #commit(commit: CommitId): void {
    if (this.#commits.has(commit)) return;
    const written = this.#list("commit.changes", commit);
    this.#commits.set(commit, written);
    this.#remove(written);
    this.#remove(this.#list("commit.already", commit));
  }

  #remove(list: LoggedList): void {
    for (const place of list.keys()) this.#pending?.delete(place);
  }

  #check(digest: Digest | undefined): void {
    this.#digest = digest;
    if (this.#pending === undefined || digest === undefined) return;
    const own = toListDigest(this.#pending);
    if (own !== digest)
      this.#faults.push(`the changes in the log are ${own}, and it says ${digest} of them`);
  }
}

/** Of a list in its order, as `toChangesetDigest`. */
function toListDigest(list: LoggedList): Digest | undefined {
  const changes: Pick<Change, "digest">[] = [];
  for (const [, , , hex] of list.values()) {
    const digest = parseDigest(`sha256:${hex ?? ""}`);
    if (digest === undefined) return undefined;
    changes.push({ digest });
  }
  return toChangesetDigest(changes);
}

function isRows(value: JsonValue): value is readonly JsonValue[] & readonly LoggedChange[] {
  return (
    Array.isArray(value) &&
    value.every(
      (row) =>
        Array.isArray(row) &&
        row.length === 6 &&
        typeof row[0] === "number" &&
        typeof row[1] === "string" &&
        typeof row[2] === "string" &&
        row.slice(3).every((one) => one === null || typeof one === "string"),
    )
  );
}
