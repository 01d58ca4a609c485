import type { CommitId } from "../core/ids.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import type { Native } from "../host/native.js";
import { chooseRoots } from "./choose-roots.js";
import { toFailure } from "./failure.js";
import type { RestoreAction, RollbackPlan } from "./plan-rollback.js";
import { planTransaction } from "./plan-transaction.js";
import { openRoots } from "./roots.js";
import { runTransaction } from "./run-transaction.js";
import type { TransactionHeader } from "./transaction.js";

/** What a rollback did. */
export interface RollbackResult {
  readonly restored: readonly RestoreAction[];
}

/**
 * Carries out what a plan restores (not what it lists as conflicting or unrestorable), all or nothing, journaled in
 * `commitDir` so that it can be rolled back itself. The caller holds the locks of the workspaces. Uses up what the
 * commit kept of these paths. Throws as `applyCommit`.
 */
export function applyRollback(
  plan: RollbackPlan,
  o: {
    readonly native: Native;
    /** Of the rollback. */
    readonly commitId: CommitId;
    /** Of the rollback: it exists and is empty. */
    readonly commitDir: string;
    /** The system calls, where a test wants others. */
    readonly ops?: FileOps;
  },
): RollbackResult {
  const ops = o.ops ?? openFileOps(o.native);
  const { commitId, commitDir } = o;
  const { workspaces, drafts, dirTimes } = plan;
  try {
    const paths = {
      ...chooseRoots({ ops, commitId, commitDir, workspaces, uppers: [] }),
      ...plan.kept,
    };
    const { session, commit: undoes } = plan.of.header;
    const header: TransactionHeader = {
      ...{ schema: "journal/1", commit: commitId, session, undoes, workspaces, roots: paths },
    };
    using roots = openRoots(paths, ops);
    const bench = { ops, roots };
    const transaction = planTransaction(bench, {
      ...{ header, drafts, opaques: [], uppers: false },
      finalMtime: (place) => dirTimes.get(`${place.root}/${place.path}`),
    });
    runTransaction(bench, transaction);
    return { restored: plan.restore };
  } catch (error) {
    throw toFailure(workspaces.join(", "), error);
  }
}
