import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { hasErrno } from "../../core/error.js";
import { type IdMapping, swapIds } from "../../core/host-ids.js";
import type { Digest } from "../../core/ids.js";
import { readLinkAt, toChildPath } from "../../host/dir-handle.js";
import { readSentXattrs } from "./sent-xattrs.js";
import { TarChunks } from "./tar-chunks.js";
import { encodeTarHeader, TAR_END, type TarHeader, toPadding } from "./tar-format.js";
import {
  type FingerprintWriter,
  openFingerprint,
  type TreeFingerprint,
} from "./tree-fingerprint.js";
import { listTree, type TreeEntry, type TreeListingOptions, toUnreadable } from "./tree-listing.js";

/** What is written, and as whose. */
export interface TreeTarOptions extends TreeListingOptions {
  /** The name of the tree's own directory in the archive; everything else lies in it. */
  readonly top: string;
  /** Ids of this machine → ids in the archive. */
  readonly mapping: IdMapping;
}

/** What was written. */
export interface WrittenTree {
  /** Over every byte of the archive: equal trees have equal digests. */
  readonly digest: Digest;
  readonly fingerprint: TreeFingerprint;
  readonly bytes: number;
}

interface Writing {
  readonly options: TreeTarOptions;
  readonly chunks: TarChunks;
  readonly fingerprint: FingerprintWriter;
  /** Files with several names: the first one that was written. */
  readonly linked: Map<string, string>;
}

/**
 * Writes a tree of this machine as a PAX archive, piece by piece, in memory that does not depend on its size. A covered path
 * is an empty, unreadable thing of its type. A file that changes meanwhile is sent as it was read, cut or filled with zeros to the size it
 * had when it was opened. Throws `sandbox-unavailable`, naming it, for what cannot be read.
 */
export function* writeTreeTar(options: TreeTarOptions): Generator<Buffer, WrittenTree> {
  const fingerprint = openFingerprint(toSalt(options));
  const writing = { options, chunks: new TarChunks(), fingerprint, linked: new Map() };
  for (const entry of listTree(options)) {
    fingerprint.add(entry.path, entry.stat);
    yield* writeEntry(writing, entry);
    yield* writing.chunks.drain();
  }
  writing.chunks.append(TAR_END);
  const written = yield* writing.chunks.finish();
  return { ...written, fingerprint: fingerprint.finish() };
}

/** The fingerprint that `writeTreeTar` would find, without reading a file. */
export function readFingerprint(options: TreeTarOptions): TreeFingerprint {
  const fingerprint = openFingerprint(toSalt(options));
  for (const entry of listTree(options)) fingerprint.add(entry.path, entry.stat);
  return fingerprint.finish();
}

function toSalt({ root, top, mapping, covered }: TreeTarOptions): string {
  const { idmap, taskUid, taskGid } = mapping;
  return JSON.stringify([root, top, idmap, taskUid, taskGid, [...covered].sort()]);
}

function* writeEntry(writing: Writing, entry: TreeEntry): Generator<Buffer, void> {
  const { options, chunks } = writing;
  const header = toHeader(options, entry);
  if (entry.covered) return chunks.append(encodeTarHeader({ ...header, mode: 0 }));
  switch (entry.stat.type) {
    case "file":
      return yield* writeFile(writing, entry, header);
    case "symlink": {
      const target = readTarget(writing, entry);
      if (target !== undefined) chunks.append(encodeTarHeader({ ...header, target }));
      return;
    }
    case "device":
      chunks.append(encodeTarHeader(header));
      return;
    default: {
      const xattrs = readSentXattrs(options, entry);
      chunks.append(encodeTarHeader(xattrs === undefined ? header : { ...header, xattrs }));
    }
  }
}

function toHeader({ top, mapping }: TreeTarOptions, { path, stat }: TreeEntry): TarHeader {
  const { type, mode, mtimeNs } = stat;
  if (type === "socket") throw new Error(`${path} is not for an archive`);
  const { uid, gid } = swapIds(stat, mapping);
  const name = path === "" ? top : `${top}/${path}`;
  return { name, type: type === "device" ? "whiteout" : type, mode, uid, gid, size: 0, mtimeNs };
}

function* writeFile(
  writing: Writing,
  entry: TreeEntry,
  header: TarHeader,
): Generator<Buffer, void> {
  const { options, chunks, linked, fingerprint } = writing;
  const { stat } = entry;
  // The inode alone would do on one filesystem.
  const key = stat.nlink > 1 ? `${stat.ino} ${stat.ctimeNs} ${stat.size}` : "";
  const target = linked.get(key);
  if (target !== undefined)
    return chunks.append(encodeTarHeader({ ...header, type: "link", target }));
  const fd = openFile(writing, entry);
  if (fd === undefined) return fingerprint.spoil();
  try {
    const now = fstatSync(fd, { bigint: true });
    if (`${now.ino}` !== stat.ino || `${now.ctimeNs}` !== stat.ctimeNs) fingerprint.spoil();
    if (!now.isFile()) return;
    const size = Number(now.size);
    const xattrs = readSentXattrs(options, entry);
    chunks.append(
      encodeTarHeader({ ...header, size, ...(xattrs === undefined ? {} : { xattrs }) }),
    );
    if (key !== "") linked.set(key, header.name);
    yield* writeBody(writing, { fd, size });
  } finally {
    closeSync(fd);
  }
}

const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Undefined where it is no file any more. */
function openFile({ options }: Writing, { dirFd, name, path }: TreeEntry): number | undefined {
  try {
    return openSync(toChildPath(dirFd, name), OPEN_FILE);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ELOOP", "ENXIO")) return undefined;
    if (hasErrno(error, "EACCES", "EPERM")) throw toUnreadable(options.root, path);
    throw error;
  }
}

/** Exactly `size` bytes and the padding. */
function* writeBody(
  { chunks, fingerprint }: Writing,
  file: { readonly fd: number; readonly size: number },
): Generator<Buffer, void> {
  const read = (chunk: Buffer, at: number, length: number): number => {
    const got = readSync(file.fd, chunk, at, length, null);
    if (got > 0) return got;
    // It has become shorter: what is missing is zeros.
    fingerprint.spoil();
    chunk.fill(0, at, at + length);
    return length;
  };
  for (let left = file.size; left > 0; ) {
    left -= chunks.fill(left, read);
    yield* chunks.drain();
  }
  chunks.append(PADDING.subarray(0, toPadding(file.size)));
}

const PADDING = Buffer.alloc(512);

function readTarget({ fingerprint }: Writing, { dirFd, name }: TreeEntry): string | undefined {
  try {
    return readLinkAt(dirFd, name);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "EINVAL")) throw error;
    fingerprint.spoil();
    return undefined;
  }
}
