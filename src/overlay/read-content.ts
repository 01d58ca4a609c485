import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasErrno } from "../core/error.js";
import { baseName, parentPath, type RelPath, ROOT_PATH } from "../core/path.js";
import { openDir, openDirAt, toChildPath } from "../host/dir-handle.js";

const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The bytes of the regular file `path` below `root`, for showing. No symbolic link is followed, nothing is waited
 * for. Undefined where it is not there, is no regular file, cannot be read, or has more than `maxBytes`.
 */
export function readContent(
  root: string,
  path: RelPath,
  options: { readonly maxBytes: number },
): Uint8Array | undefined {
  const directory = openParent(root, path);
  if (directory === undefined) return undefined;
  try {
    return readBounded(toChildPath(directory, baseName(path)), options.maxBytes);
  } finally {
    closeSync(directory);
  }
}

/** The open directory that holds `path`; undefined where it is not there. The caller closes it. */
export function openParent(root: string, path: RelPath): number | undefined {
  return openBelow(root, parentPath(path) ?? ROOT_PATH);
}

/** The open directory `path` below `root`, one component after the other; undefined where it is not there. The caller closes it. */
export function openBelow(root: string, path: RelPath): number | undefined {
  let fd = openDir(root);
  for (const name of path === ROOT_PATH ? [] : path.split("/")) {
    const next = openNext(fd, name);
    if (next === undefined) return undefined;
    fd = next;
  }
  return fd;
}

function openNext(parent: number, name: string): number | undefined {
  try {
    return openDirAt(parent, name);
  } finally {
    closeSync(parent);
  }
}

function readBounded(file: string | Buffer, maxBytes: number): Uint8Array | undefined {
  let fd: number;
  try {
    fd = openSync(file, OPEN_FILE);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENXIO")) return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > maxBytes) return undefined;
    const bytes = Buffer.alloc(stats.size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(fd, bytes, filled, bytes.length - filled, filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
}
