import { lstatSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import { encodeName, joinPath, type RelPath, ROOT_PATH } from "../../core/path.js";
import type { FileStat } from "../../host/confined-stat.js";
import { type ChainNode, DirChain } from "../../host/dir-chain.js";
import { readDirAt } from "../../host/dir-handle.js";
import type { Native } from "../../host/native.js";

/** Which tree is listed. */
export interface TreeListingOptions {
  /** An absolute host path without symlinks: a directory, or a single file. */
  readonly root: string;
  /** Paths whose content must not leave this machine: an empty thing of the type takes their place. */
  readonly covered: ReadonlyMap<RelPath, "dir" | "file">;
  readonly native: Native;
  /** It is an upperdir of ours: whiteouts are part of it, and directories that the task shut are opened for a moment. */
  readonly isUpper?: boolean;
}

/** A path of a tree. `dirFd` and `name` lead to it until the next one is asked for. */
export interface TreeEntry {
  readonly path: RelPath;
  readonly stat: FileStat;
  readonly covered: boolean;
  readonly dirFd: number;
  readonly name: string;
}

interface Frame extends ChainNode {
  readonly parent: Frame | undefined;
  readonly path: RelPath;
  names: readonly string[];
  next: number;
}

/**
 * Lists a tree, a directory before what it holds and names in order, so that equal trees give equal lists. No symbolic link is
 * followed, and no path grows with the depth. Left out are sockets and devices, which mean nothing on another machine and
 * which an overlay gives no access to either, and what vanishes meanwhile. Throws `sandbox-unavailable` for a
 * directory that cannot be listed.
 */
export function* listTree(options: TreeListingOptions): Generator<TreeEntry, void> {
  const top = toFrame({ parent: undefined, name: "" }, ROOT_PATH);
  const isDirectory = lstatSync(options.root, { throwIfNoEntry: false })?.isDirectory() === true;
  yield* isDirectory ? listDirectory(options, top) : listFile(options, top);
}

function* listDirectory(options: TreeListingOptions, top: Frame): Generator<TreeEntry, void> {
  const { root } = options;
  using chain = new DirChain(root, { node: top, unlock: options.isUpper === true });
  const rootFd = chain.fdOf(top) ?? -1;
  const found = readEntry(options, { dirFd: rootFd, name: ".", path: ROOT_PATH });
  if (found === undefined) throw new SandboxError("sandbox-unavailable", `${root} is gone`);
  yield found;
  top.names = readNames(options, rootFd, ROOT_PATH);
  for (let frame: Frame | undefined = top; frame !== undefined; ) {
    const name: string | undefined = frame.names[frame.next++];
    const dirFd = name === undefined ? undefined : chain.fdOf(frame);
    if (name === undefined || dirFd === undefined) {
      frame = frame.parent;
      continue;
    }
    const entry = readEntry(options, { dirFd, name, path: joinPath(frame.path, name) });
    if (entry !== undefined) yield entry;
    frame = isEntered(entry) ? enter(options, chain, { frame, entry }) : frame;
  }
}

/** A tree that is one file. */
function* listFile(options: TreeListingOptions, node: Frame): Generator<TreeEntry, void> {
  using chain = new DirChain(path.dirname(options.root), { node, unlock: false });
  const at = { dirFd: chain.fdOf(node) ?? -1, name: path.basename(options.root), path: ROOT_PATH };
  const entry = readEntry(options, at);
  if (entry?.stat.type !== "file")
    throw new SandboxError("sandbox-unavailable", `${options.root} is no file and no directory`);
  yield entry;
}

function isEntered(entry: TreeEntry | undefined): entry is TreeEntry {
  return entry?.stat.type === "dir" && !entry.covered;
}

function toFrame(place: Pick<Frame, "parent" | "name">, path: RelPath): Frame {
  const depth = place.parent === undefined ? 0 : place.parent.depth + 1;
  return { ...place, depth, path, names: [], next: 0 };
}

/** The frame of a directory, or the one above where it is no directory any more. */
function enter(
  options: TreeListingOptions,
  chain: DirChain,
  at: { readonly frame: Frame; readonly entry: TreeEntry },
): Frame {
  const { name, path } = at.entry;
  const below = toFrame({ parent: at.frame, name }, path);
  const fd = chain.fdOf(below);
  if (fd === undefined) return at.frame;
  below.names = readNames(options, fd, path);
  return below;
}

function readNames({ root }: TreeListingOptions, fd: number, path: RelPath): readonly string[] {
  try {
    return [...readDirAt(fd)].sort();
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) throw toUnreadable(root, path);
    throw error;
  }
}

function readEntry(
  { root, native, covered, isUpper }: TreeListingOptions,
  at: Pick<TreeEntry, "dirFd" | "name" | "path">,
): TreeEntry | undefined {
  const stat = statEntry(native, root, at);
  if (stat === undefined) return undefined;
  const cover = covered.get(at.path);
  if (cover !== undefined) return { ...at, stat: { ...stat, type: cover }, covered: true };
  const isMark = isUpper === true && stat.whiteout;
  if (stat.type === "socket" || (stat.type === "device" && !isMark)) return undefined;
  return { ...at, stat, covered: false };
}

function statEntry(
  native: Native,
  root: string,
  { dirFd, name, path }: Pick<TreeEntry, "dirFd" | "name" | "path">,
): FileStat | undefined {
  try {
    return native.statAt(dirFd, name.isWellFormed() ? name : encodeName(name));
  } catch (error) {
    if (hasErrno(error, "EACCES")) throw toUnreadable(root, path);
    throw error;
  }
}

/** What is told of a path that cannot be read and so not be sent. */
export function toUnreadable(root: string, path: RelPath): SandboxError {
  const full = path === "" ? root : `${root}/${path}`;
  return new SandboxError("sandbox-unavailable", `${full} cannot be read, so it cannot be sent`, {
    hint: `make it readable, or leave it out: --hide ${full}`,
  });
}
