import { hasErrno } from "../core/error.js";
import { isWithin, type RelPath, ROOT_PATH } from "../core/path.js";
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
  /** Closes the handles of the directory at `path` and of those below it, which has another inode now. */
  forgetBelow(path: RelPath): void;
}

const MAX_HANDLES = 64;
/** Below PATH_MAX (4096 bytes with the NUL): a UTF-16 unit is three bytes at most. A name has 255 bytes. */
const MAX_PATH_UNITS = 1300;
/** Longer than the paths of ordinary trees. */
const DEEP_UNITS = 512;

/** Opens the directory at an absolute path. `strict`: no component of it may be a symbolic link. */
export function openConfinedRoot(
  path: string,
  options: { readonly ops: FileOps; readonly strict: boolean },
): ConfinedRoot {
  const { ops } = options;
  const rootFd = ops.openRoot(path, options.strict);
  const handles = openHandles(ops, rootFd);
  const at = (below: RelPath): At => {
    const slash = below.lastIndexOf("/");
    if (slash >= 0)
      return {
        dirfd: handles.get(below.slice(0, slash) as RelPath),
        name: below.slice(slash + 1),
      };
    return { dirfd: rootFd, name: below === "" ? "." : below };
  };
  return {
    path,
    at,
    directory: handles.get,
    find: (below) => find(ops, () => at(below)),
    list: (dir) => ops.list(handles.get(dir)),
    forget: () => handles.close(() => true),
    forgetBelow: (dir) => handles.close((held) => isWithin(held, dir)),
    [Symbol.dispose]: () => {
      handles.close(() => true);
      ops.close(rootFd);
    },
  };
}

/** Handles of directories below a root, the ones used last. */
interface Handles {
  readonly get: (dir: RelPath) => number;
  close(isOld: (dir: RelPath) => boolean): void;
}

function openHandles(ops: FileOps, rootFd: number): Handles {
  const handles = new Map<RelPath, number>();
  // Most paths lie in the directory of the one before.
  let last = { dir: ROOT_PATH, fd: rootFd };
  const get = (dir: RelPath): number => {
    if (dir === last.dir) return last.fd;
    if (dir === ROOT_PATH) return rootFd;
    const fd = handles.get(dir) ?? openBelow(ops, { handles, rootFd, dir });
    // The one used last goes to the end, so that what was handed out just before stays open.
    handles.delete(dir);
    handles.set(dir, fd);
    last = { dir, fd };
    if (handles.size > MAX_HANDLES) closeOldest(ops, handles);
    return fd;
  };
  const close = (isOld: (dir: RelPath) => boolean): void => {
    last = { dir: ROOT_PATH, fd: rootFd };
    for (const [dir, fd] of handles) {
      if (!isOld(dir)) continue;
      handles.delete(dir);
      ops.close(fd);
    }
  };
  return { get, close };
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

/**
 * Opens `dir`: in one call from the root, or, where it lies deep, from the directory above it if that is held. Else a deep tree
 * would cost the square of its depth.
 */
function openBelow(
  ops: FileOps,
  from: {
    readonly handles: ReadonlyMap<RelPath, number>;
    readonly rootFd: number;
    readonly dir: RelPath;
  },
): number {
  const slash = from.dir.length > DEEP_UNITS ? from.dir.lastIndexOf("/") : -1;
  const held = slash < 0 ? undefined : from.handles.get(from.dir.slice(0, slash) as RelPath);
  if (held === undefined) return openDeep(ops, from.rootFd, from.dir);
  return ops.openDirectory(held, from.dir.slice(slash + 1));
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
