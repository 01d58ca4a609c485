import {
  chmodSync,
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  readdirSync,
  readSync,
  writeSync,
} from "node:fs";
import { hasErrno } from "../core/error.js";
import { decodeName, encodeName } from "../core/path.js";
import type { At, FileOps } from "./confined-ops.js";
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  type Native,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "./native.js";

/** open(2) flags that Node does not export; the same on x86_64 and aarch64. */
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const OPEN_DIR = O_PATH | constants.O_DIRECTORY | O_CLOEXEC;
const CONFINED = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
const S_IFCHR = 0o020000;
const SEEK = { start: 0, data: 3, hole: 4 } as const;
/** ioctl_ficlone(2); the same number on x86_64 and aarch64. */
const FICLONE = 0x40049409;
/** fcntl(2). */
const F_SETLEASE = 1024;
const F_RDLCK = 0;

/** The real system calls. */
export function openFileOps(native: Native): FileOps {
  return { ...toOpening(native), ...toNames(native), ...toMetadata(native), ...toContent(native) };
}

type Opening = Pick<FileOps, "openRoot" | "openDirectory" | "openFile" | "close" | "stat" | "list">;

function toOpening(native: Native): Opening {
  return {
    openRoot: (path, strict) => {
      const resolve = strict ? RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS : 0;
      return native.openat2(AT_FDCWD, path, { flags: OPEN_DIR | constants.O_NOFOLLOW, resolve });
    },
    openDirectory: (dirfd, path) =>
      native.openat2(dirfd, toNative(path), { flags: OPEN_DIR, resolve: CONFINED }),
    openFile: (at, flags) =>
      native.openat2(at.dirfd, toNative(at.name), {
        flags: flags | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC,
        mode: (flags & constants.O_CREAT) === 0 ? 0 : 0o600,
        resolve: CONFINED,
      }),
    close: closeSync,
    stat: (at) => native.statAt(at.dirfd, toNative(at.name)),
    list: (dirfd) => readdirSync(`${procPath(dirfd)}/.`, { encoding: "buffer" }).map(decodeName),
  };
}

type Names = Pick<
  FileOps,
  | "rename"
  | "link"
  | "unlink"
  | "removeDirectory"
  | "makeDirectory"
  | "makeSymlink"
  | "makeFifo"
  | "makeWhiteout"
>;

function toNames(native: Native): Names {
  const place = (at: At): { dirfd: number; path: string | Uint8Array } => ({
    dirfd: at.dirfd,
    path: toNative(at.name),
  });
  return {
    rename: (from, to, flags) => native.renameat2(place(from), { ...place(to), flags }),
    link: (from, to) => native.linkat(place(from), place(to)),
    unlink: (at) => native.unlinkat(at.dirfd, toNative(at.name), 0),
    removeDirectory: (at) => native.unlinkat(at.dirfd, toNative(at.name), AT_REMOVEDIR),
    makeDirectory: (at) => native.mkdirat(at.dirfd, toNative(at.name), 0o700),
    makeSymlink: (target, at) => native.symlinkat(toNative(target), place(at)),
    makeFifo: (at) => native.mkfifoat(at.dirfd, toNative(at.name), 0o600),
    makeWhiteout: (at) => native.mknodAt(place(at), S_IFCHR, 0),
  };
}

type Metadata = Pick<
  FileOps,
  | "readLink"
  | "listXattrs"
  | "getXattr"
  | "setXattr"
  | "removeXattr"
  | "setOwner"
  | "setMode"
  | "setMtime"
>;

function toMetadata(native: Native): Metadata {
  return {
    readLink: (at) => decodeName(native.readlinkAt(at.dirfd, toNative(at.name))),
    listXattrs: (at) => {
      try {
        return native.llistxattr(procName(at));
      } catch (error) {
        if (hasErrno(error, "EOPNOTSUPP", "ENOTSUP")) return [];
        throw error;
      }
    },
    getXattr: (at, name) => native.lgetxattr(procName(at), name),
    setXattr: (at, name, value) => native.lsetxattr(procName(at), name, value),
    removeXattr: (at, name) => native.lremovexattr(procName(at), name),
    setOwner: (at, owner) => native.fchownat({ dirfd: at.dirfd, path: toNative(at.name) }, owner),
    setMode: toSetMode(native),
    setMtime: (at, mtimeNs) =>
      native.setMtimeAt({ dirfd: at.dirfd, path: toNative(at.name) }, BigInt(mtimeNs)),
  };
}

function toSetMode(native: Native): FileOps["setMode"] {
  let isNew = true;
  return (at, mode) => {
    const path = toNative(at.name);
    if (isNew)
      try {
        native.fchmodat2({ dirfd: at.dirfd, path }, mode);
        return;
      } catch (error) {
        // EPERM: what some seccomp filters say to a call they do not know. If it is the file's own, it is said again below.
        if (!hasErrno(error, "ENOSYS", "EPERM")) throw error;
        isNew = hasErrno(error, "EPERM");
      }
    // fchmodat(2) follows links, so the inode is held first; /proc then leads to just that one.
    const flags = O_PATH | constants.O_NOFOLLOW | O_CLOEXEC;
    const fd = native.openat2(at.dirfd, path, { flags, resolve: CONFINED });
    try {
      chmodSync(procPath(fd), mode);
    } finally {
      closeSync(fd);
    }
  };
}

type Content = Omit<FileOps, keyof Opening | keyof Names | keyof Metadata>;

function toContent(native: Native): Content {
  return {
    read: (fd, buffer) => readSync(fd, buffer),
    write: (fd, data) => {
      for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
    },
    truncate: ftruncateSync,
    seek: (fd, offset, to) => {
      try {
        return native.lseek(fd, offset, SEEK[to]);
      } catch (error) {
        if (hasErrno(error, "ENXIO")) return undefined;
        throw error;
      }
    },
    clone: (to, from) => {
      try {
        return native.ioctl(to, FICLONE, from) === 0;
      } catch (error) {
        if (hasErrno(error, "EOPNOTSUPP", "ENOTSUP", "ENOTTY", "EXDEV", "EINVAL", "ENOSYS"))
          return false;
        throw error;
      }
    },
    syncData: fdatasyncSync,
    syncAll: fsyncSync,
    syncFilesystem: (dirfd) => {
      // syncfs(2) refuses an O_PATH descriptor.
      const flags = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
      const fd = native.openat2(dirfd, ".", { flags, resolve: CONFINED });
      try {
        native.syncfs(fd);
      } finally {
        closeSync(fd);
      }
    },
    hasWriter: (fd) => {
      try {
        native.fcntl(fd, F_SETLEASE, F_RDLCK);
        // The lease ends with the descriptor.
        return false;
      } catch (error) {
        // EAGAIN: open for writing. EACCES, EINVAL: not ours, or no leases here: it cannot be told.
        if (hasErrno(error, "EAGAIN", "EACCES", "EINVAL", "EPERM")) return true;
        throw error;
      }
    },
  };
}

function toNative(name: string): string | Uint8Array {
  return name.isWellFormed() ? name : encodeName(name);
}

function procPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** For the calls that take no directory handle: the directory is pinned by its descriptor, the name is not followed. */
function procName(at: At): string | Uint8Array {
  return toNative(`${procPath(at.dirfd)}/${at.name}`);
}
