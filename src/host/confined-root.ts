import { hasErrno } from "../core/error.js";
import { baseName, parentPath, type RelPath } from "../core/path.js";
import type { At, FileOps } from "./confined-ops.js";
import type { FileStat } from "./confined-stat.js";

/** Why nothing was found at a path. */
export type Missing =
  /** Its directory is there, the name is not. */
  | "name"
  /** A directory above it is absent, or no directory. */
  | "parent"
  /** A directory above it is a symbolic link, or leads out of the root. */
  | "link";

/**
 * One directory of the host, and access to what lies below it by openat2(2) with `RESOLVE_BENEATH`,
 * `RESOLVE_NO_SYMLINKS` and `RESOLVE_NO_MAGICLINKS`: no path can lead out of it, at any depth, whatever
 * other processes put in its place.
 */
export interface ConfinedRoot extends Disposable {
  readonly path: string;
  /** Where `path` is, for the calls of `FileOps`. Throws the error of opening the directory above it. */
  at(path: RelPath): At;
  /** A handle of the directory at `path`; it stays open until `forget` or disposal. */
  directory(path: RelPath): number;
  find(path: RelPath): FileStat | Missing;
  /** Names in the directory at `path`. */
  list(path: RelPath): readonly string[];
  /** Closes the handles: what is opened next is looked up from the root again. */
  forget(): void;
}

const MAX_HANDLES = 64;
/** Below PATH_MAX (4096 bytes with the NUL): a UTF-16 unit is three bytes at most. A name has 255 bytes. */
const MAX_PATH_UNITS = 1300;

/** Opens the directory at an absolute path. `strict`: no component of it may be a symbolic link. */
export function openConfinedRoot(
  path: string,
  options: { readonly ops: FileOps; readonly strict: boolean },
): ConfinedRoot {
  const { ops } = options;
  const rootFd = ops.openRoot(path, options.strict);
  const handles = new Map<RelPath, number>();
  const forget = (): void => {
    const open = [...handles.values()];
    handles.clear();
    for (const fd of open) ops.close(fd);
  };
  const directory = (dir: RelPath): number => {
    if (dir === "") return rootFd;
    const fd = handles.get(dir) ?? openDeep(ops, rootFd, dir);
    // The one used last goes to the end, so that what was handed out just before stays open.
    handles.delete(dir);
    handles.set(dir, fd);
    if (handles.size > MAX_HANDLES) closeOldest(ops, handles);
    return fd;
  };
  const at = (below: RelPath): At => {
    const parent = parentPath(below);
    if (parent === undefined) return { dirfd: rootFd, name: "." };
    return { dirfd: directory(parent), name: baseName(below) };
  };
  return {
    path,
    at,
    directory,
    find: (below) => find(ops, () => at(below)),
    list: (dir) => ops.list(directory(dir)),
    forget,
    [Symbol.dispose]: () => {
      forget();
      ops.close(rootFd);
    },
  };
}

function closeOldest(ops: FileOps, handles: Map<RelPath, number>): void {
  for (const [dir, fd] of handles) {
    handles.delete(dir);
    ops.close(fd);
    return;
  }
}

function find(ops: FileOps, locate: () => At): FileStat | Missing {
  try {
    return ops.stat(locate()) ?? "name";
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return "parent";
    if (hasErrno(error, "ELOOP", "EXDEV")) return "link";
    throw error;
  }
}

/** Opens `dir` below `rootFd`, in pieces where it is longer than a path may be. */
function openDeep(ops: FileOps, rootFd: number, dir: RelPath): number {
  let fd = rootFd;
  for (const piece of toPieces(dir)) {
    const next = openNext(ops, fd, piece, rootFd);
    fd = next;
  }
  return fd;
}

function openNext(ops: FileOps, fd: number, piece: string, rootFd: number): number {
  try {
    return ops.openDirectory(fd, piece);
  } finally {
    if (fd !== rootFd) ops.close(fd);
  }
}

function toPieces(dir: RelPath): readonly string[] {
  const pieces: string[] = [];
  let start = 0;
  while (dir.length - start > MAX_PATH_UNITS) {
    const end = dir.lastIndexOf("/", start + MAX_PATH_UNITS);
    pieces.push(dir.slice(start, end));
    start = end + 1;
  }
  return [...pieces, dir.slice(start)];
}
