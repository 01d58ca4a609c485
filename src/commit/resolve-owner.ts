import type { Change, Owner } from "../core/change.js";
import { parentPath, type RelPath } from "../core/path.js";
import type { FileStat } from "../host/confined-stat.js";
import { toKey } from "./close-selection.js";
import { inWorkspace } from "./roots.js";
import type { Workbench } from "./stage-steps.js";

/** Who owns what the task made: whoever owns the nearest existing parent, or these ids. */
export type NewFiles = "parent" | Ids;

/** Owner and group by host ids. */
export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A function from changes, parents before what lies in them, to the host ids of their results. Directories the commit makes
 * count as parents with the owner they get.
 */
export function createOwners(
  context: Workbench & { readonly newFiles: NewFiles },
): (change: Change, present: FileStat | undefined) => Ids {
  const known = new Map<string, Ids>();
  const ofDirectory = (workspace: number, dir: RelPath): Ids => {
    const key = toKey(workspace, dir);
    const ids = known.get(key) ?? readOwner(context, workspace, dir);
    known.set(key, ids);
    return ids;
  };
  return (change, present) => {
    const { after, before, path, workspace } = change;
    const parent = parentPath(path);
    const made = (): Ids => {
      if (context.newFiles !== "parent") return context.newFiles;
      return parent === undefined
        ? (present ?? { uid: 0, gid: 0 })
        : ofDirectory(workspace, parent);
    };
    const ids = {
      uid: toId(after?.uid, { base: (before ?? present)?.uid, made: () => made().uid }),
      gid: toId(after?.gid, { base: (before ?? present)?.gid, made: () => made().gid }),
    };
    if (after?.type === "dir") known.set(toKey(workspace, path), ids);
    return ids;
  };
}

function toId(
  owner: Owner | undefined,
  ids: { readonly base: number | undefined; readonly made: () => number },
): number {
  if (typeof owner === "number") return owner;
  return owner === "base" && ids.base !== undefined ? ids.base : ids.made();
}

function readOwner({ roots }: Workbench, workspace: number, dir: RelPath): Ids {
  const stat = roots.stat(inWorkspace(workspace, dir));
  if (stat === undefined) throw new Error(`no directory ${dir} to take the owner from`);
  return { uid: stat.uid, gid: stat.gid };
}
