import { realpathSync } from "node:fs";
import { SandboxError } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { openFileOps } from "../host/confined-calls.js";
import type { FileOps } from "../host/confined-ops.js";
import type { Native } from "../host/native.js";
import type { Draft } from "./draft.js";
import { draftRollback } from "./draft-rollback.js";
import type { PathConflict } from "./plan-commit.js";
import { readJournal } from "./read-journal.js";
import { keptPath, openRoots, PREVIOUS_ROOT, workspaceRoot } from "./roots.js";
import type { Transaction } from "./transaction.js";

/** What a rollback does to one path: the commit added it, replaced it, or deleted it. */
export interface RestoreAction {
  readonly workspace: number;
  readonly path: RelPath;
  readonly action: "remove" | "restore" | "recreate";
}

/** What a rollback would do. */
export interface RollbackPlan {
  readonly workspaces: readonly string[];
  readonly restore: readonly RestoreAction[];
  /** Changed since the commit: not touched. */
  readonly conflicts: readonly PathConflict[];
  /** What was there before is not kept as it was: not touched. */
  readonly unrestorable: readonly PathConflict[];
  /** For `applyRollback`. */
  readonly drafts: readonly Draft[];
  readonly of: Pick<Transaction, "header">;
  /** Directories, by place, that nobody touched since, and the time they had before. */
  readonly dirTimes: ReadonlyMap<string, string>;
}

/**
 * Compares the present with what a sealed commit left, and what it kept with the digests in its journal. Reads only. Throws
 * `usage` for a commit that is not sealed.
 */
export function planRollback(o: {
  readonly commitDir: string;
  readonly native: Native;
  /** The system calls, where a test wants others. */
  readonly ops?: FileOps;
}): RollbackPlan {
  const { transaction, results, sealed } = readJournal(o.commitDir);
  if (transaction === undefined || !sealed)
    throw new SandboxError("usage", `the commit in ${o.commitDir} is not sealed`, {
      hint: "run `sandbox recover` first",
    });
  const ops = o.ops ?? openFileOps(o.native);
  const { header } = transaction;
  const paths: Record<string, string> = { [PREVIOUS_ROOT]: keptPath(realpathSync(o.commitDir)) };
  header.workspaces.forEach((workspace, index) => {
    paths[workspaceRoot(index)] = workspace;
  });
  using roots = openRoots(paths, ops);
  const drafted = draftRollback({ ops, roots, transaction, results });
  const dirTimes = new Map<string, string>();
  transaction.dirs.forEach((dir, index) => {
    const stamp = results.dirs.get(index);
    if (stamp === undefined) return;
    const stat = roots.stat(dir.place);
    // Not by ctime: a later commit that was rolled back has set just this time again.
    const same = stat?.type === "dir" && stat.mtimeNs === stamp.mtimeNs;
    if (same) dirTimes.set(`${dir.place.root}/${dir.place.path}`, dir.mtimeNs);
  });
  return {
    workspaces: header.workspaces,
    restore: drafted.drafts.map(toAction),
    conflicts: drafted.conflicts,
    unrestorable: drafted.unrestorable,
    drafts: drafted.drafts,
    of: { header },
    dirTimes,
  };
}

function toAction(draft: Draft): RestoreAction {
  const { workspace, path } = draft;
  if (draft.after === undefined) return { workspace, path, action: "remove" };
  return { workspace, path, action: draft.present === undefined ? "recreate" : "restore" };
}
