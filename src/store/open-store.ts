import { existsSync } from "node:fs";
import path from "node:path";
import type { Changeset } from "../core/change.js";
import type { CommitId, Digest, SessionId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { SavedDecision } from "../core/saved-decision.js";
import type { CommitRecord, SessionRecord } from "../core/session.js";
import { writeFileAtomic } from "../host/atomic-file.js";
import { removeTree } from "../host/remove-tree.js";
import { appendAudit } from "./audit/append-audit.js";
import type { AuditEntry, AuditOptions } from "../core/audit-entry.js";
import type { AuditWriter } from "./audit/open-audit-writer.js";
import type { AuditReader } from "./audit/open-audit-reader.js";
import type { BaseContent } from "./base-pack.js";
import { toChangesetLines } from "./changeset-lines.js";
import {
  COMPOSED_DIR,
  type CommitDraft,
  clearHot,
  createCommit,
  listHot,
  markHot,
  writeCommit,
  writeComposed,
} from "./commit-files.js";
import type { CommitList } from "./commit-reader.js";
import { writeDecisions } from "./write-decisions.js";
import type { ResolveOptions } from "./latest.js";
import {
  DEFAULT_OUTPUT_CAP,
  type OutputLog,
  type OutputPiece,
  openOutputLog,
  readOutput,
} from "./output-log.js";
import type { Resolved } from "./resolve-session.js";
import type { SessionList } from "./session-reader.js";
import { createSession, removeSession, type SessionDraft, writeSession } from "./session-writer.js";
import { dropStaged, hasStaged, stageChangeset } from "./stage-changeset.js";
import type { Ledger } from "./ledger/open-ledger.js";
import { makeStateHome, openStateHome } from "./state-home.js";
import { openStopRequests, type StopRequests } from "./stop-request.js";
import { toStoreLayout } from "./store-layout.js";

/**
 * Sessions, commits, output and the audit log as plain files below `home` (design.md 12). Safe for many
 * processes at once. Functions that read records are asynchronous because they load their parser first; the
 * others load nothing, so that `run` starts fast. A file that is damaged is reported with its path
 * (`damaged`) and kept; an id that is not there is `not-found`.
 */
export interface Store extends StopRequests {
  /** The state directory, its symlinks resolved. It may not exist yet. */
  readonly home: string;
  sessionDir(id: SessionId): string;
  commitDir(id: CommitId): string;

  /**
   * Makes the directory of a new session and its record; the record is not yet durable. Throws `usage` where
   * a live session has the name. If `draft.make` throws, nothing is left.
   */
  createSession(draft: SessionDraft): SessionRecord;
  /** Replaces the record; durable unless told otherwise. */
  updateSession(record: SessionRecord, options?: { readonly durable?: boolean }): void;
  /** A record that says `running` though its process is gone is given as `interrupted`. */
  readSession(id: SessionId): Promise<SessionRecord>;
  /** Oldest first. */
  listSessions(): Promise<SessionList>;
  /** By id, unique prefix, name or `latest` (cli.md). Throws `usage` or `not-found`. */
  resolveSession(text: string, options: ResolveOptions): Promise<Resolved<SessionRecord>>;
  /** Removes all of a session's directory, or all but its record and output. Layers elsewhere are not touched. */
  removeSession(id: SessionId, options: { readonly keepRecord: boolean }): void;

  /** Durable unless told otherwise; one that was staged and not adopted is dropped. */
  writeChangeset(
    id: SessionId,
    changeset: Changeset,
    options?: { readonly durable?: boolean },
  ): void;
  /** The one that was staged, where it is the one the session's record has the digest of. */
  readChangeset(id: SessionId): Promise<Changeset>;
  /**
   * Puts a changeset beside the present one, durably: it is the session's from the moment its record has its digest, so that both change at
   * once.
   */
  stageChangeset(id: SessionId, changeset: Changeset): void;
  /** Puts the staged changeset in its place if it is the session's by now, and drops it otherwise. */
  adoptChangeset(id: SessionId): Promise<void>;
  /** Keeps earlier contents of files for a later merge, durably; returns how many had no room. */
  keepBases(id: SessionId, contents: Iterable<BaseContent>): Promise<number>;
  /** Undefined where it was not kept. */
  readBase(id: SessionId, digest: Digest): Promise<Uint8Array | undefined>;
  /** What a review decided so far; empty where nothing, or for another revision of the session. */
  readDecisions(id: SessionId, revision: number): Promise<readonly SavedDecision[]>;
  writeDecisions(
    id: SessionId,
    saved: { readonly revision: number; readonly decisions: readonly SavedDecision[] },
  ): void;

  /** Makes the directory of a new commit and its record in state `open`, both durable. */
  createCommit(draft: CommitDraft): CommitRecord;
  updateCommit(record: CommitRecord): void;
  readCommit(id: CommitId): Promise<CommitRecord>;
  /** Puts contents into the commit's own directory; returns where each lies below it. */
  writeComposed(id: CommitId, contents: readonly Uint8Array[]): readonly RelPath[];
  removeComposed(id: CommitId): void;
  /** Oldest first; rollbacks too. */
  listCommits(): Promise<CommitList>;
  /** By id, unique prefix, the name of a session with one commit, or `latest`: the newest sealed, not rolled back. */
  resolveCommit(text: string, options: ResolveOptions): Promise<Resolved<CommitRecord>>;

  /** Says durably that this commit is unfinished: before anything is applied. */
  markHot(id: CommitId): void;
  clearHot(id: CommitId): void;
  /** Commits that were marked and not cleared: unfinished, or going on in a process that lives. */
  listHot(): readonly CommitId[];

  /** Appends to what was kept before. `capBytes` defaults to 16 MiB. */
  openOutputLog(id: SessionId, options?: { readonly capBytes?: number }): OutputLog;
  readOutput(id: SessionId): Iterable<OutputPiece>;

  /** Approvals and the queue: a database, opened anew by each call. */
  openLedger(): Promise<Ledger>;
  /** Whether there is one yet: opening it takes a tenth of a second. */
  hasLedger(): boolean;

  /** Throws where it could not be logged: then the action must not be carried out. */
  appendAudit(entries: AuditEntry | Iterable<AuditEntry>, options?: AuditOptions): void;
  openAudit(): Promise<AuditReader>;
  /** For a process that has many entries at once: they share writes and syncs. */
  openAuditWriter(): Promise<AuditWriter>;
}

/** Of the earlier contents that one session keeps. */
const MOST_BASE_BYTES = 64 << 20;

/** Opens the state directory `home` (absolute). Creates nothing yet. Throws `usage` where it is not safe to use. */
export function openStore(options: { readonly home: string }): Store {
  const home = openStateHome(options.home);
  const layout = toStoreLayout(home);
  const { sessionDir, commitDir } = layout;
  const basesFile = (id: SessionId): string => path.join(sessionDir(id), "bases");
  const decisionsFile = (id: SessionId): string => path.join(sessionDir(id), "review.json");
  const changesetFile = (id: SessionId): string => path.join(sessionDir(id), "changeset.json");
  return {
    ...{ home, sessionDir, commitDir },
    createSession: (draft) => createSession(layout, draft),
    updateSession: (record, write) => writeSession(layout, record, write),
    readSession: async (id) => (await import("./session-reader.js")).readSession(layout, id),
    listSessions: async () => (await import("./session-reader.js")).listSessions(layout),
    resolveSession: async (text, resolve) =>
      (await import("./resolve-session.js")).resolveSession(layout, text, resolve),
    removeSession: (id, remove) => removeSession(layout, id, remove),
    ...openStopRequests(sessionDir),
    writeChangeset: (id, changeset, write = {}) => {
      writeFileAtomic(changesetFile(id), toChangesetLines(changeset), {
        sync: write.durable ?? true,
      });
      dropStaged(sessionDir(id));
    },
    stageChangeset: (id, changeset) => stageChangeset(sessionDir(id), changeset),
    adoptChangeset: async (id) => {
      if (hasStaged(sessionDir(id)))
        (await import("./staged-changeset.js")).adoptStaged(layout, id);
    },
    keepBases: async (id, contents) =>
      (await import("./base-pack.js")).appendBases(basesFile(id), contents, {
        maxBytes: MOST_BASE_BYTES,
      }),
    readBase: async (id, digest) =>
      (await import("./base-pack.js")).readBase(basesFile(id), digest),
    readDecisions: async (id, revision) =>
      (await import("./decisions-file.js")).readDecisions(decisionsFile(id), revision),
    writeDecisions: (id, saved) => writeDecisions(decisionsFile(id), saved),
    writeComposed: (id, contents) => writeComposed(layout, id, contents),
    removeComposed: (id) => removeTree(path.join(commitDir(id), COMPOSED_DIR)),
    readChangeset: async (id) =>
      (hasStaged(sessionDir(id))
        ? (await import("./staged-changeset.js")).readStaged(layout, id)
        : undefined) ??
      (await import("./changeset-file.js")).readChangesetFile(changesetFile(id), id),
    createCommit: (draft) => createCommit(layout, draft),
    updateCommit: (record) => writeCommit(layout, record),
    readCommit: async (id) => (await import("./commit-reader.js")).readCommit(layout, id),
    listCommits: async () => (await import("./commit-reader.js")).listCommits(layout),
    resolveCommit: async (text, resolve) =>
      (await import("./resolve-commit.js")).resolveCommit(layout, text, resolve),
    markHot: (id) => markHot(layout, id),
    clearHot: (id) => clearHot(layout, id),
    listHot: () => listHot(layout),
    openOutputLog: (id, log = {}) =>
      openOutputLog(sessionDir(id), log.capBytes ?? DEFAULT_OUTPUT_CAP),
    readOutput: (id) => readOutput(sessionDir(id)),
    openLedger: async () => (await import("./ledger/open-ledger.js")).openLedger(home),
    hasLedger: () => existsSync(path.join(home, "ledger.db")),
    appendAudit: (entries, write) => {
      makeStateHome(home);
      appendAudit(home, entries, write);
    },
    openAuditWriter: async () =>
      (await import("./audit/open-audit-writer.js")).openAuditWriter(home),
    openAudit: async () => (await import("./audit/open-audit-reader.js")).openAuditReader(home),
  };
}
