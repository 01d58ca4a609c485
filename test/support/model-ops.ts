import type { At, FileOps } from "../../src/host/confined-ops.js";
import type { FileStat } from "../../src/host/confined-stat.js";
import type { DiskChange } from "./model-change.js";
import { type DiskState, findInode, type Inode, type ModelImage } from "./model-disk.js";
import { type Barrier, errno, ModelMachine } from "./model-machine.js";

/** A disk in memory, and the system calls on it. */
export interface ModelDisk {
  readonly ops: FileOps;
  /** As it is now. */
  state(): DiskState;
  /** What was changed and synced since it was opened, in order. */
  readonly log: readonly (DiskChange | Barrier)[];
}

/** Opens a model in a state of its image. `onCall` comes before each call, and may throw. */
export function openModel(
  image: ModelImage,
  start: DiskState,
  onCall: (name: keyof FileOps) => void = () => undefined,
): ModelDisk {
  const machine = new ModelMachine(image, start);
  const all = toOps(machine);
  const ops = Object.fromEntries(
    Object.entries(all).map(([name, call]) => [
      name,
      (...args: unknown[]) => {
        onCall(name as keyof FileOps);
        return (call as (...args: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as FileOps;
  return {
    ops: { ...ops, close: all.close },
    state: () => new Map(machine.inodes),
    log: machine.log,
  };
}

function toOps(machine: ModelMachine): FileOps {
  return {
    ...toReading(machine),
    ...toNames(machine),
    ...toMetadata(machine),
    ...toContent(machine),
  };
}

function toReading(machine: ModelMachine) {
  return {
    openRoot: (path: string) =>
      machine.open(machine.dir(findInode(machine.image, machine.inodes, path))),
    openDirectory: (dirfd: number, path: string) => {
      let found: Inode = machine.fdInode(dirfd);
      for (const name of path.split("/")) found = machine.dir(machine.child(found, name));
      return machine.open(found);
    },
    close: (fd: number) => void machine.files.delete(fd),
    stat: (at: At) => {
      const found = machine.find(at);
      return found === undefined ? undefined : toStat(found);
    },
    list: (dirfd: number) => [...machine.fdInode(dirfd).entries.keys()],
    readLink: (at: At) => machine.must(at).target,
    listXattrs: (at: At) => [...machine.must(at).xattrs.keys()],
    getXattr: (at: At, name: string) => {
      const value = machine.must(at).xattrs.get(name);
      return value === undefined ? undefined : Buffer.from(value, "base64");
    },
  };
}

function toNames(machine: ModelMachine) {
  const remove = (at: At, isDir: boolean): void => {
    const inode = machine.must(at);
    if ((inode.type === "dir") !== isDir) throw errno(isDir ? "ENOTDIR" : "EISDIR");
    if (inode.entries.size > 0) throw errno("ENOTEMPTY");
    machine.do({ kind: "unlink", ino: inode.ino, ...machine.place(at) });
  };
  return {
    rename: (from: At, to: At, flags: number) => machine.rename(from, to, flags),
    link: (from: At, to: At) => {
      const inode = machine.must(from);
      machine.free(to, inode.dev);
      machine.do({ kind: "link", ino: inode.ino, ...machine.place(to) });
    },
    unlink: (at: At) => remove(at, false),
    removeDirectory: (at: At) => remove(at, true),
    makeDirectory: (at: At) => void machine.make(at, { type: "dir", mode: 0o700, nlink: 2 }),
    makeSymlink: (target: string, at: At) =>
      void machine.make(at, { type: "symlink", mode: 0o777, target }),
    makeFifo: (at: At) => void machine.make(at, { type: "fifo" }),
    makeWhiteout: (at: At) => void machine.make(at, { type: "device", mode: 0, whiteout: true }),
  };
}

function toMetadata(machine: ModelMachine) {
  return {
    setOwner: (at: At, { uid, gid }: { readonly uid: number; readonly gid: number }) => {
      const inode = machine.must(at);
      const mode = inode.type === "dir" ? inode.mode : inode.mode & ~0o6000;
      machine.do({ kind: "set", ino: inode.ino, values: { uid, gid, mode } });
      if (inode.xattrs.has("security.capability"))
        machine.do({
          kind: "xattr",
          ino: inode.ino,
          name: "security.capability",
          value: undefined,
        });
    },
    setMode: (at: At, mode: number) =>
      machine.do({ kind: "set", ino: machine.must(at).ino, values: { mode } }),
    setMtime: (at: At, mtimeNs: string) =>
      machine.do({ kind: "set", ino: machine.must(at).ino, values: { mtimeNs } }),
    setXattr: (at: At, name: string, value: Uint8Array) => {
      const text = Buffer.from(value).toString("base64");
      machine.do({ kind: "xattr", ino: machine.must(at).ino, name, value: text });
    },
    removeXattr: (at: At, name: string) => {
      const inode = machine.must(at);
      if (!inode.xattrs.has(name)) throw errno("ENODATA");
      machine.do({ kind: "xattr", ino: inode.ino, name, value: undefined });
    },
  };
}

function toContent(machine: ModelMachine) {
  return {
    openFile: (at: At, flags: number) => machine.openFile(at, flags),
    read: (fd: number, buffer: Uint8Array) => {
      const file = machine.file(fd);
      const { content } = machine.get(file.ino);
      const length = content.copy(buffer, 0, file.offset, file.offset + buffer.length);
      file.offset += length;
      return length;
    },
    write: (fd: number, data: Uint8Array) => {
      const file = machine.file(fd);
      const offset = file.append ? machine.get(file.ino).content.length : file.offset;
      machine.do({ kind: "write", ino: file.ino, offset, data: Buffer.from(data) });
      file.offset = offset + data.length;
    },
    truncate: (fd: number, size: number) =>
      machine.do({ kind: "truncate", ino: machine.file(fd).ino, size }),
    seek: (fd: number, offset: number, to: "data" | "hole" | "start") => {
      const file = machine.file(fd);
      const { length } = machine.get(file.ino).content;
      if (to !== "start" && offset >= length) return undefined;
      file.offset = to === "hole" ? length : offset;
      return file.offset;
    },
    clone: () => false,
    syncData: (fd: number) =>
      void machine.log.push({ kind: "sync-file", ino: machine.file(fd).ino }),
    syncAll: (fd: number) => {
      const inode = machine.fdInode(fd);
      machine.log.push({ kind: inode.type === "dir" ? "sync-dir" : "sync-file", ino: inode.ino });
    },
    syncFilesystem: (dirfd: number) =>
      void machine.log.push({ kind: "sync-filesystem", dev: machine.fdInode(dirfd).dev }),
    hasWriter: () => false,
  };
}

function toStat(inode: Inode): FileStat {
  const { type, mode, uid, gid, mtimeNs, ctimeNs, nlink, whiteout } = inode;
  const size = type === "symlink" ? Buffer.byteLength(inode.target) : inode.content.length;
  const blocks = Math.ceil(size / 512);
  return {
    type,
    mode,
    uid,
    gid,
    size,
    mtimeNs,
    ctimeNs,
    ino: `${inode.ino}`,
    nlink,
    blocks,
    whiteout,
  };
}
