import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { baseName, parentPath, type RelPath } from "../core/path.js";
import { readDirAt, toChildPath } from "../host/dir-handle.js";
import { openBelow, readContent } from "./read-content.js";

/** Reads below one directory, for showing: no symbolic link is followed, nothing is waited for, nothing thrown. */
export interface TreeReader {
  read(path: RelPath, maxBytes: number): Uint8Array | undefined;
  /** As much of these bytes as there is; undefined where there is no such regular file. */
  readRange(path: RelPath, offset: number, length: number): Uint8Array | undefined;
  /** Names in a directory; none where it is not there. */
  list(path: RelPath): readonly string[];
}

const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** What is below `root`, an absolute host path. */
export function openTreeReader(root: string): TreeReader {
  return {
    read: (path, maxBytes) => quietly(() => readContent(root, path, { maxBytes })),
    readRange: (path, offset, length) =>
      quietly(() =>
        withDir(root, parentPath(path) ?? path, (fd) =>
          readAt(toChildPath(fd, baseName(path)), offset, length),
        ),
      ),
    list: (path) => quietly(() => withDir(root, path, readDirAt)) ?? [],
  };
}

function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function withDir<T>(root: string, path: RelPath, act: (fd: number) => T): T | undefined {
  const fd = openBelow(root, path);
  if (fd === undefined) return undefined;
  try {
    return act(fd);
  } finally {
    closeSync(fd);
  }
}

function readAt(file: string | Buffer, offset: number, length: number): Uint8Array | undefined {
  const fd = openSync(file, OPEN_FILE);
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
  } finally {
    closeSync(fd);
  }
}
