import { parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import type { Draft } from "./draft.js";
import { upperRoot, workspaceRoot } from "./roots.js";
import type { Workbench } from "./stage-steps.js";
import type { Place, TouchedDir } from "./step.js";

/** What decides which directories are noted. */
export interface TouchedContext extends Workbench {
  /** By workspace: true where slots are in a directory inside it. */
  readonly stagesInside: readonly boolean[];
  /** True where the layers are changed as well. */
  readonly uppers: boolean;
  /** The time a directory shall have in the end, where that is not the one it gets by itself. */
  readonly finalMtime: (place: Place) => string | undefined;
}

/** The directories whose entries or metadata the drafts change and that are there now, parents first. */
export function toTouchedDirs(
  context: TouchedContext,
  drafts: readonly Draft[],
): readonly TouchedDir[] {
  const places = new Map<string, Place>();
  const changed = new Set<string>();
  const add = (root: string, path: RelPath): void => {
    const key = `${root}/${path}`;
    if (!places.has(key)) places.set(key, { root, path });
  };
  for (const { workspace, path, present } of drafts) {
    const root = workspaceRoot(workspace);
    const parent = parentPath(path);
    if (context.stagesInside[workspace] === true) add(root, ROOT_PATH);
    if (present?.type === "dir") add(root, path);
    if (parent === "" || path === "") changed.add(root);
    if (parent === undefined) continue;
    add(root, parent);
    if (context.uppers) add(upperRoot(workspace), parent);
  }
  return [...places.values()].toSorted(comparePlaces).flatMap((place) => {
    const stat = context.roots.stat(place);
    if (stat?.type !== "dir") return [];
    const { ino, mode, mtimeNs } = stat;
    const only = place.path === "" && !changed.has(place.root) ? mtimeNs : undefined;
    const finalMtimeNs = context.finalMtime(place) ?? only;
    return [
      {
        ...{ place, ino, mode, mtimeNs, unlock: isClosedToUs(stat) },
        ...(finalMtimeNs !== undefined && { finalMtimeNs }),
      },
    ];
  });
}

function comparePlaces(a: Place, b: Place): number {
  if (a.root !== b.root) return a.root < b.root ? -1 : 1;
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** Root may write anywhere; an owner only where its own mode lets it. */
function isClosedToUs(stat: { readonly uid: number; readonly mode: number }): boolean {
  const self = process.geteuid?.();
  return self !== 0 && stat.uid === self && (stat.mode & 0o300) !== 0o300;
}
