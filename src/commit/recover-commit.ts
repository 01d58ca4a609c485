import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import path from "node:path";
import { SandboxError } from "../core/error.js";
import type { SessionId } from "../core/ids.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import type { Native } from "../host/native.js";
import { abandon } from "./abandon.js";
import { cleanUp } from "./clean-up.js";
import { toFailure } from "./failure.js";
import { type Journal, openJournal } from "./open-journal.js";
import type { PathConflict } from "./plan-commit.js";
import { type JournalContent, readJournal } from "./read-journal.js";
import { COMMIT_ROOT, openRoots, type Roots } from "./roots.js";
import { syncEnd } from "./stage-dirs.js";
import type { Transaction } from "./transaction.js";

/** What became of an interrupted commit. */
export interface RecoveryReport {
  /** `left`: undone but for what someone changed since; the earlier versions are kept, the paths named. */
  readonly outcome: "finished" | "undone" | "left";
  readonly left: readonly PathConflict[];
  /** Absent where the commit was cut short before it touched anything. */
  readonly sessionId?: SessionId;
  readonly workspaces: readonly string[];
}

/**
 * Brings an interrupted commit or rollback to an end: a sealed one is finished, any other undone. The caller holds the locks of its
 * workspaces. It may itself be cut short and called again; called for one that is ended it does nothing. What was
 * `left` once counts as decided by the person who was told: a further call goes on without it.
 */
export function recoverCommit(o: {
  readonly commitDir: string;
  readonly native: Native;
  /** The system calls, where a test wants others. */
  readonly ops?: FileOps;
}): RecoveryReport {
  const content = readJournal(o.commitDir);
  const ops = o.ops ?? openFileOps(o.native);
  try {
    return recover(o.commitDir, content, ops);
  } catch (error) {
    throw toRecoveryFailure(o.commitDir, error);
  }
}

function recover(commitDir: string, content: JournalContent, ops: FileOps): RecoveryReport {
  const { transaction } = content;
  if (transaction === undefined) return dropPlan(commitDir, ops);
  const { session, workspaces } = transaction.header;
  const report = { sessionId: session, workspaces, left: [] };
  if (content.ended !== undefined)
    return { ...report, outcome: content.ended === "done" ? "finished" : "undone" };
  using roots = openRoots(hereRoots(transaction, commitDir), ops);
  using journal = openJournal(ops, roots, content.sound);
  if (content.sealed) return { ...report, ...finishSealed({ ops, roots, journal }, transaction) };
  const left = undo({ ops, roots, journal }, { content, transaction });
  return { ...report, left, outcome: left.length > 0 ? "left" : "undone" };
}

interface Recovery {
  readonly ops: FileOps;
  readonly roots: Roots;
  readonly journal: Journal;
}

/** The commit's directory is where we were told it is, also if the state directory was moved. */
function hereRoots(transaction: Transaction, commitDir: string): Readonly<Record<string, string>> {
  const here = realpathSync(commitDir);
  const before = transaction.header.roots[COMMIT_ROOT];
  if (before === here) return transaction.header.roots;
  throw new SandboxError(
    "damaged",
    `${path.join(commitDir, "journal.jsonl")}: was written in ${before ?? "another place"}`,
    { hint: "move the state directory back to where it was" },
  );
}

/** The plan was not whole, so nothing was done: the file is emptied, which is how a journal is that never was. */
function dropPlan(commitDir: string, ops: FileOps): RecoveryReport {
  using roots = openRoots({ [COMMIT_ROOT]: realpathSync(commitDir) }, ops);
  using journal = openJournal(ops, roots, { length: 0, hash: createHash("sha256") });
  journal.sync();
  return { outcome: "undone", left: [], workspaces: [] };
}

function finishSealed(
  recovery: Recovery,
  transaction: Transaction,
): Pick<RecoveryReport, "outcome"> {
  cleanUp(recovery, transaction);
  syncEnd(recovery, transaction);
  recovery.journal.append("done", [{}]);
  return { outcome: "finished" };
}

function undo(
  recovery: Recovery,
  known: { readonly content: JournalContent; readonly transaction: Transaction },
): readonly PathConflict[] {
  const { staged, left } = known.content;
  return abandon(recovery, recovery.journal, {
    transaction: known.transaction,
    staged,
    accepted: left,
  });
}

function toRecoveryFailure(commitDir: string, error: unknown): unknown {
  const failure = toFailure(commitDir, error);
  if (!(failure instanceof SandboxError) || failure.code !== "unexpected") return failure;
  return new SandboxError("unexpected", `the commit in ${failure.message} could not be recovered`, {
    hint: "mend that, then run `sandbox recover`; nothing is lost",
    cause: error,
  });
}
