import path from "node:path";
import { hasErrno } from "../core/error.js";
import type { CommitId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { FileOps } from "../host/confined-ops.js";
import { RENAME_NOREPLACE } from "../host/native.js";
import {
  COMMIT_ROOT,
  KEPT_ROOT,
  keptPath,
  layersRoot,
  openRoots,
  stageRoot,
  upperRoot,
  workspaceRoot,
} from "./roots.js";

/** What decides where the slots of a transaction are. */
export interface RootChoice {
  readonly ops: FileOps;
  readonly commitId: CommitId;
  readonly commitDir: string;
  readonly workspaces: readonly string[];
  /** By workspace: the upperdir, and whether a rename from it to the workspace works. */
  readonly uppers: readonly { readonly path: string; readonly rename: boolean }[];
}

/**
 * The roots of a transaction. Slots are in the commit's own directory where a rename from there to the workspace works;
 * else beside the layers where one from there does; else in a directory of the workspace, which is removed at the end.
 * Makes `before/`.
 */
export function chooseRoots(choice: RootChoice): Readonly<Record<string, string>> {
  const kept = makeKept(choice);
  const roots: Record<string, string> = {
    [COMMIT_ROOT]: path.dirname(kept),
    [KEPT_ROOT]: kept,
  };
  choice.workspaces.forEach((workspace, index) => {
    roots[workspaceRoot(index)] = workspace;
    const upper = choice.uppers[index];
    if (upper !== undefined) {
      roots[upperRoot(index)] = upper.path;
      roots[layersRoot(index)] = path.dirname(upper.path);
    }
    roots[stageRoot(index)] = chooseStage(choice, { kept, workspace, upper });
  });
  return roots;
}

function makeKept(choice: RootChoice): string {
  const kept = keptPath(choice.commitDir);
  using roots = openRoots({ [COMMIT_ROOT]: path.dirname(kept) }, choice.ops);
  choice.ops.makeDirectory(roots.at({ root: COMMIT_ROOT, path: "before" as RelPath }));
  return kept;
}

function chooseStage(
  choice: RootChoice,
  about: {
    readonly kept: string;
    readonly workspace: string;
    readonly upper: { readonly path: string; readonly rename: boolean } | undefined;
  },
): string {
  const { kept, workspace, upper } = about;
  if (canRename(choice.ops, kept, workspace)) return kept;
  const inside = path.join(workspace, `.sandbox-stage-${choice.commitId}`);
  return upper?.rename === true
    ? path.join(path.dirname(upper.path), `stage-${choice.commitId}`)
    : inside;
}

/**
 * True where rename(2) works between two directories. A name that does not exist is renamed: the kernel compares the mounts
 * (EXDEV) before it looks for the name (ENOENT), so nothing is made (`do_renameat2`, fs/namei.c).
 */
function canRename(ops: FileOps, from: string, to: string): boolean {
  using roots = openRoots({ b: from, w: to }, ops);
  const path = `.sandbox-probe-${process.pid}` as RelPath;
  try {
    ops.rename(roots.at({ root: "b", path }), roots.at({ root: "w", path }), RENAME_NOREPLACE);
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return true;
    if (hasErrno(error, "EXDEV")) return false;
    throw error;
  }
  throw new Error(`a file named ${path} was in ${from}`);
}
