import { constants } from "node:fs";
import { hasErrno, SandboxError } from "../../core/error.js";
import { encodeName, type RelPath } from "../../core/path.js";
import type { At, FileOps } from "../../host/confined-ops.js";
import type { ConfinedRoot } from "../../host/confined-root.js";
import type { Native } from "../../host/native.js";
import { damaged, type TarAnnouncement, type TarSink } from "./tar-reader.js";
import { type Extent, type KnownOwners, parseUpperEntry, type UpperEntry } from "./upper-entry.js";

/** Where an upperdir is written to, and what it may hold. */
export interface UpperWriterOptions {
  readonly root: ConfinedRoot;
  readonly ops: FileOps;
  readonly native: Native;
  readonly owners: KnownOwners;
  /** Bytes that may be announced. */
  readonly mostBytes: number;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
const S_IFSOCK = 0o140000;
/** Others get their metadata when their content is complete, or have none of their own. */
const DESCRIBED_AT_ONCE: ReadonlySet<UpperEntry["type"]> = new Set(["symlink", "fifo", "socket"]);
const ZERO = { uid: 0, gid: 0 };

/** The file whose body comes next. */
interface OpenFile {
  readonly fd: number;
  readonly entry: UpperEntry;
  extent: number;
  /** Bytes of the present extent that are written. */
  done: number;
}

/**
 * Writes what an archive from a daemon holds below an empty directory, and nothing anywhere else: every path is opened beneath it
 * without following a link, nothing that exists is opened for writing. Throws `damaged` for what an upperdir of ours
 * cannot hold. Directories get their metadata in `finish`, when nothing is made in them any more.
 */
export class UpperWriter implements TarSink, Disposable {
  readonly #o: UpperWriterOptions;
  readonly #dirs: UpperEntry[] = [];
  #file: OpenFile | undefined;
  #announced: { readonly bytes: number; readonly entries: number } | undefined;
  #bytes = 0;
  #entries = 0;

  constructor(options: UpperWriterOptions) {
    this.#o = options;
  }

  announce(records: ReadonlyMap<string, Buffer>): void {
    const bytes = readCount(records, "SANDBOX.bytes");
    const entries = readCount(records, "SANDBOX.entries");
    const { mostBytes } = this.#o;
    if (bytes > mostBytes)
      throw new SandboxError("sandbox-unavailable", `no space for ${bytes} bytes of changes`, {
        hint: "free some space and run the command again: the daemon still holds them",
      });
    this.#announced = { bytes, entries };
  }

  entry(announced: TarAnnouncement): void {
    const most = this.#announced;
    if (most === undefined) throw damaged("it does not say what it holds");
    const entry = parseUpperEntry(announced, this.#o.owners);
    this.#entries += 1;
    this.#bytes += announced.size;
    if (this.#entries > most.entries || this.#bytes > most.bytes)
      throw damaged("it holds more than was announced");
    if ((entry.path === "") !== (this.#entries === 1))
      throw damaged("its top is not its first entry");
    this.#make(entry);
  }

  data(bytes: Buffer): void {
    const { ops } = this.#o;
    const file = this.#file;
    if (file === undefined) throw damaged("data that belong to nothing");
    if (file.entry.map === undefined) ops.write(file.fd, bytes);
    else this.#writeExtents(file, file.entry.map, bytes);
  }

  #writeExtents(file: OpenFile, map: readonly Extent[], bytes: Buffer): void {
    const { ops } = this.#o;
    for (let rest = bytes; rest.length > 0; ) {
      const extent = map[file.extent];
      if (extent === undefined) throw damaged("data that belong to nothing");
      const part = rest.subarray(0, extent.length - file.done);
      ops.seek(file.fd, extent.offset + file.done, "start");
      ops.write(file.fd, part);
      file.done += part.length;
      if (file.done === extent.length) Object.assign(file, { extent: file.extent + 1, done: 0 });
      rest = rest.subarray(part.length);
    }
  }

  entryEnd(): void {
    const file = this.#file;
    if (file === undefined) return;
    if (file.entry.map !== undefined) this.#o.ops.truncate(file.fd, file.entry.size);
    this.#closeFile();
    this.#describe(file.entry);
  }

  /** The metadata of directories, the deepest first. Throws where less has come than was announced: it would be taken for undone. */
  finish(): void {
    const { bytes, entries } = this.#announced ?? { bytes: 0, entries: 0 };
    if (this.#entries !== entries || this.#bytes !== bytes)
      throw damaged("it holds less than was announced");
    for (const entry of this.#dirs.reverse()) this.#describe(entry);
  }

  [Symbol.dispose](): void {
    this.#closeFile();
  }

  #make(entry: UpperEntry): void {
    try {
      this.#create(entry, this.#o.root.at(entry.path));
    } catch (error) {
      throw toRefusal(error, entry.path);
    }
    if (DESCRIBED_AT_ONCE.has(entry.type)) this.#describe(entry);
  }

  #create(entry: UpperEntry, at: At): void {
    const { ops, native } = this.#o;
    switch (entry.type) {
      case "dir":
        if (entry.path !== "") ops.makeDirectory(at);
        this.#dirs.push(entry);
        break;
      case "file":
        this.#file = { fd: ops.openFile(at, CREATE), entry, extent: 0, done: 0 };
        break;
      case "link":
        this.#link(entry);
        break;
      case "whiteout":
        ops.makeWhiteout(at);
        break;
      case "symlink":
        ops.makeSymlink(entry.target ?? "", at);
        break;
      case "fifo":
        ops.makeFifo(at);
        break;
      case "socket":
        native.mknodAt({ dirfd: at.dirfd, path: toNativeName(at.name) }, S_IFSOCK | 0o600, 0);
        break;
    }
  }

  #link(entry: UpperEntry): void {
    const { root, ops } = this.#o;
    const from = root.at(entry.linkTo ?? entry.path);
    const type = ops.stat(from)?.type;
    if (type === undefined || type === "dir") throw damaged(`${entry.path} is a link to nothing`);
    ops.link(from, root.at(entry.path));
  }

  /** Owner before mode and attributes: a change of owner takes away set-id bits and capabilities. */
  #describe(entry: UpperEntry): void {
    const { ops, root } = this.#o;
    const at = root.at(entry.path);
    this.#setOwner(at, entry);
    for (const [name, value] of entry.xattrs) this.#setXattr(at, name, value);
    if (entry.type !== "symlink") ops.setMode(at, entry.mode);
    ops.setMtime(at, entry.mtimeNs);
  }

  /** A plain user cannot give files away: what the task copied up of another's stays the user's, and shows as a change of owner. */
  #setOwner(at: At, { uid, gid }: UpperEntry): void {
    const { ops } = this.#o;
    const now = ops.stat(at) ?? ZERO;
    if (now.uid === uid && now.gid === gid) return;
    try {
      ops.setOwner(at, { uid, gid });
    } catch (error) {
      if (!hasErrno(error, "EPERM") || process.geteuid?.() === 0) throw error;
    }
  }

  #setXattr(at: At, name: string, value: Buffer): void {
    try {
      this.#o.ops.setXattr(at, name, value);
    } catch (error) {
      // Only root may set one.
      if (!(name === "security.capability" && hasErrno(error, "EPERM"))) throw error;
    }
  }

  #closeFile(): void {
    if (this.#file !== undefined) this.#o.ops.close(this.#file.fd);
    this.#file = undefined;
  }
}

function toNativeName(name: string): string | Uint8Array {
  return name.isWellFormed() ? name : encodeName(name);
}

function readCount(records: ReadonlyMap<string, Buffer>, key: string): number {
  const text = records.get(key)?.toString("latin1") ?? "";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw damaged("it does not say what it holds");
}

/** What the kernel says of a path that leads elsewhere, through something that is no directory, or is there already. */
function toRefusal(error: unknown, path: RelPath): unknown {
  if (hasErrno(error, "EEXIST", "ENOENT", "ENOTDIR", "ELOOP", "EXDEV", "ENAMETOOLONG"))
    return damaged(`${JSON.stringify(path)} lies nowhere`);
  return error;
}

/** For the caller: the errors of a full disk are said as such. */
export function toUnpackError(error: unknown, upper: string): unknown {
  if (!hasErrno(error, "ENOSPC", "EDQUOT", "EFBIG")) return error;
  return new SandboxError("sandbox-unavailable", `no space for the task's changes at ${upper}`, {
    hint: "free some space and run the command again: the daemon still holds them",
    cause: error,
  });
}
