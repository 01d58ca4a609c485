import { constants } from "node:fs";
import { type RelPath, ROOT_PATH } from "../core/path.js";
import {
  COMMIT_ROOT,
  inWorkspace,
  KEPT_ROOT,
  layersRoot,
  stageRoot,
  workspaceRoot,
} from "./roots.js";
import type { Workbench } from "./stage-steps.js";
import type { Place } from "./step.js";
import type { Transaction } from "./transaction.js";

/** Where the staging directory of a workspace is to be found; undefined where it is `before/`. */
export function stagePlace(
  header: Transaction["header"],
  index: number,
): (Place & { readonly inside: boolean }) | undefined {
  const stage = header.roots[stageRoot(index)];
  if (stage === undefined || stage === header.roots[KEPT_ROOT]) return undefined;
  const inside = stage.startsWith(`${header.workspaces[index]}/`);
  const path = stage.slice(stage.lastIndexOf("/") + 1) as RelPath;
  return { root: inside ? workspaceRoot(index) : layersRoot(index), path, inside };
}

/** Makes the staging directories, private. */
export function makeStages({ ops, roots }: Workbench, { header }: Transaction): void {
  header.workspaces.forEach((_, index) => {
    const place = stagePlace(header, index);
    if (place !== undefined) ops.makeDirectory(roots.at(place));
  });
}

/** Makes durable what was done on the filesystem of each workspace, and in the commit's directory. */
export function syncStages({ ops, roots }: Workbench, { header }: Transaction): void {
  const names = header.workspaces.map((_, index) => stageRoot(index));
  const paths = new Set<string>();
  for (const name of [...names, KEPT_ROOT]) {
    const path = header.roots[name];
    if (path === undefined || paths.has(path)) continue;
    paths.add(path);
    ops.syncFilesystem(roots.root(name).directory(ROOT_PATH));
  }
}

/**
 * Makes durable what ended a transaction, before the journal says that it is ended: otherwise a power cut could keep that and lose
 * what it is said of. Staging directories are gone by then. A workspace that is not there any more is passed over.
 */
export function syncEnd({ ops, roots }: Workbench, { header }: Transaction): void {
  ops.syncFilesystem(roots.root(COMMIT_ROOT).directory(ROOT_PATH));
  header.workspaces.forEach((_, index) => {
    // Slots in `before/` mean one filesystem.
    if (header.roots[stageRoot(index)] === header.roots[KEPT_ROOT]) return;
    if (roots.stat(inWorkspace(index, ROOT_PATH)) === undefined) return;
    ops.syncFilesystem(roots.root(workspaceRoot(index)).directory(ROOT_PATH));
  });
}

/** The journal's name must outlive a power cut as its content does. */
export function syncCommitDir({ ops, roots }: Workbench): void {
  const at = { dirfd: roots.root(COMMIT_ROOT).directory(ROOT_PATH), name: "." };
  const fd = ops.openFile(at, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    ops.syncAll(fd);
  } finally {
    ops.close(fd);
  }
}
