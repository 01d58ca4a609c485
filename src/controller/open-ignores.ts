import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import type { Change } from "../core/change.js";
import { hasErrno } from "../core/error.js";
import { parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import { toIgnorePredicate } from "../review/git-ignore.js";

const MAX_BYTES = 1 << 20;

/**
 * What git ignores among `changes`, by the ignore files as they are on the host (never as the task left
 * them), read by us: git itself is never run on these trees.
 */
export function openIgnores(
  workspaces: readonly string[],
  changes: readonly Change[],
): (change: Change) => boolean {
  const predicates = workspaces.map((workspace, index) =>
    toIgnorePredicate(
      readIgnoreFiles(
        workspace,
        changes.filter((change) => change.workspace === index),
      ),
    ),
  );
  return (change) =>
    predicates[change.workspace]?.(change.path, (change.after ?? change.before)?.type === "dir") ===
    true;
}

function readIgnoreFiles(
  workspace: string,
  changes: readonly Change[],
): ReadonlyMap<RelPath, string> {
  const directories = new Set<RelPath>();
  for (const { path } of changes)
    for (let at = parentPath(path); at !== undefined && !directories.has(at); at = parentPath(at))
      directories.add(at);
  const texts = new Map<RelPath, string>();
  for (const directory of directories) {
    const own = readSmallText(`${workspace}/${directory}/.gitignore`);
    const exclude =
      directory === ROOT_PATH ? readSmallText(`${workspace}/.git/info/exclude`) : undefined;
    const text = [exclude, own].filter((part) => part !== undefined).join("\n");
    if (text !== "") texts.set(directory, text);
  }
  return texts;
}

/** The text of a regular file of at most 1 MiB; undefined for anything else. */
function readSmallText(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENXIO", "ENAMETOOLONG"))
      return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(fd, "utf8") : undefined;
  } finally {
    closeSync(fd);
  }
}
