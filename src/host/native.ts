import { createRequire } from "node:module";
import type koffi from "koffi";
import { decodeStatx, type FileStat, STATX_BASIC_STATS, STATX_BYTES } from "./confined-stat.js";

/** A system call failed; `code` is the name of the error number (`ENOENT`), as Node's own errors have it. */
export interface ErrnoError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

type Path = string | Uint8Array;

/**
 * The system calls Node has no function for, by libc through koffi. Every function throws an
 * `ErrnoError`. Paths are strings or bytes; none may hold NUL. See the man page, section 2, of each name.
 */
export interface Native {
  /** Names of a path's extended attributes; the last component is not followed. */
  llistxattr(path: Path): readonly string[];
  /** A value, or undefined where the attribute is absent. */
  lgetxattr(path: Path, name: string): Buffer | undefined;
  lsetxattr(path: Path, name: string, value: Uint8Array): void;
  lremovexattr(path: Path, name: string): void;
  /** openat2 with `how.resolve`; returns a file descriptor. `dirfd` -100 is the current directory. */
  openat2(
    dirfd: number,
    path: Path,
    how: { flags: number; mode?: number; resolve: number },
  ): number;
  renameat2(
    from: { dirfd: number; path: Path },
    to: { dirfd: number; path: Path; flags?: number },
  ): void;
  linkat(
    from: { dirfd: number; path: Path },
    to: { dirfd: number; path: Path; flags?: number },
  ): void;
  unlinkat(dirfd: number, path: Path, flags: number): void;
  mkdirat(dirfd: number, path: Path, mode: number): void;
  symlinkat(target: Path, at: { dirfd: number; path: Path }): void;
  mkfifoat(dirfd: number, path: Path, mode: number): void;
  fchownat(at: { dirfd: number; path: Path }, owner: { uid: number; gid: number }): void;
  /** Sets the modification time (ns since the epoch) and leaves the access time. Does not follow. */
  setMtimeAt(at: { dirfd: number; path: Path }, mtimeNs: bigint): void;
  syncfs(fd: number): void;
  /** What names the inode of `path` on its filesystem, whatever its path; the last component is not followed. */
  nameToHandleAt(at: { dirfd: number; path: Path }): {
    readonly type: number;
    readonly bytes: Buffer;
  };
  /** `flock(2)`; false where the lock is held by someone else and `LOCK_NB` was given. */
  flock(fd: number, operation: number): boolean;
  /** The state of `path` below `dirfd`, not followed; undefined where it is absent. */
  statAt(dirfd: number, path: Path): FileStat | undefined;
  readlinkAt(dirfd: number, path: Path): Buffer;
  mknodAt(at: { dirfd: number; path: Path }, mode: number, dev: number): void;
  /** The new offset. */
  lseek(fd: number, offset: number, whence: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  ioctl(fd: number, request: number, argument: number): number;
}

export const AT_FDCWD = -100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EMPTY_PATH = 0x1000;
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

const SYS_OPENAT2 = 437;
const PATH_MAX = 4096;
const XATTR_LIST_MAX = 65536;
const MAX_HANDLE_SZ = 128;
const UTIME_OMIT = (1n << 30n) - 2n;

/** Loads libc. Costs a few milliseconds: call it only where it is needed, and pass the result on. */
export function openNative(): Native {
  const require = createRequire(import.meta.url);
  const ffi = require("koffi") as typeof koffi;
  const libc = ffi.load("libc.so.6");
  const call = (signature: string): ((...args: unknown[]) => number) => {
    const symbol = libc.func(signature);
    const name = /(\w+)\(/.exec(signature)?.[1] ?? signature;
    return (...args) => {
      const result = Number(symbol(...args));
      if (result >= 0) return result;
      const errno = ffi.errno();
      const code = errnoName(ffi.os.errno, errno);
      throw Object.assign(new Error(`${name}: ${code}`), { code, errno, syscall: name });
    };
  };
  return toNative(call);
}

function toNative(call: (signature: string) => (...args: unknown[]) => number): Native {
  const list = call("long llistxattr(const void *path, void *list, size_t size)");
  const names = Buffer.allocUnsafeSlow(XATTR_LIST_MAX);
  const get = call("long lgetxattr(const void *path, const char *name, void *value, size_t size)");
  const set = call(
    "int lsetxattr(const void *path, const char *name, const void *value, size_t size, int flags)",
  );
  const remove = call("int lremovexattr(const void *path, const char *name)");
  const open = call(
    "long syscall(long number, long dirfd, const void *path, void *how, size_t size)",
  );
  const rename = call(
    "int renameat2(int from, const void *path, int to, const void *target, unsigned int flags)",
  );
  const link = call(
    "int linkat(int from, const void *path, int to, const void *target, int flags)",
  );
  const unlink = call("int unlinkat(int dirfd, const void *path, int flags)");
  const mkdir = call("int mkdirat(int dirfd, const void *path, unsigned int mode)");
  const symlink = call("int symlinkat(const void *target, int dirfd, const void *path)");
  const mkfifo = call("int mkfifoat(int dirfd, const void *path, unsigned int mode)");
  const chown = call(
    "int fchownat(int dirfd, const void *path, unsigned int uid, unsigned int gid, int flags)",
  );
  const utimens = call("int utimensat(int dirfd, const void *path, const void *times, int flags)");
  const sync = call("int syncfs(int fd)");
  const handle = call(
    "int name_to_handle_at(int dirfd, const void *path, void *handle, void *mount, int flags)",
  );
  const lock = call("int flock(int fd, int operation)");
  const readlink = call("long readlinkat(int dirfd, const void *path, void *buffer, size_t size)");
  const mknod = call(
    "int mknodat(int dirfd, const void *path, unsigned int mode, unsigned long dev)",
  );
  const seek = call("long lseek(int fd, long offset, int whence)");
  const control = call("int fcntl(int fd, int command, long argument)");
  const device = call("int ioctl(int fd, unsigned long request, long argument)");
  const stat = toStatAt(
    call("int statx(int dirfd, const char *path, int flags, unsigned int mask, void *buffer)"),
  );
  return {
    llistxattr: (path) => splitNames(names.subarray(0, list(cPath(path), names, names.length))),
    lgetxattr: (path, name) => {
      try {
        return readSized((buffer, size) => get(cPath(path), name, buffer, size));
      } catch (error) {
        if ((error as ErrnoError).code === "ENODATA") return undefined;
        throw error;
      }
    },
    lsetxattr: (path, name, value) => void set(cPath(path), name, value, value.length, 0),
    lremovexattr: (path, name) => void remove(cPath(path), name),
    openat2: (dirfd, path, how) => {
      const words = BigUint64Array.of(
        BigInt(how.flags),
        BigInt(how.mode ?? 0),
        BigInt(how.resolve),
      );
      return open(SYS_OPENAT2, dirfd, cPath(path), words, words.byteLength);
    },
    renameat2: (from, to) =>
      void rename(from.dirfd, cPath(from.path), to.dirfd, cPath(to.path), to.flags ?? 0),
    linkat: (from, to) =>
      void link(from.dirfd, cPath(from.path), to.dirfd, cPath(to.path), to.flags ?? 0),
    unlinkat: (dirfd, path, flags) => void unlink(dirfd, cPath(path), flags),
    mkdirat: (dirfd, path, mode) => void mkdir(dirfd, cPath(path), mode),
    symlinkat: (target, at) => void symlink(cPath(target), at.dirfd, cPath(at.path)),
    mkfifoat: (dirfd, path, mode) => void mkfifo(dirfd, cPath(path), mode),
    fchownat: (at, owner) =>
      void chown(at.dirfd, cPath(at.path), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW),
    setMtimeAt: (at, mtimeNs) => {
      const second = 1_000_000_000n;
      const nanos = ((mtimeNs % second) + second) % second;
      const times = BigInt64Array.of(0n, UTIME_OMIT, (mtimeNs - nanos) / second, nanos);
      utimens(at.dirfd, cPath(at.path), times, AT_SYMLINK_NOFOLLOW);
    },
    syncfs: (fd) => void sync(fd),
    nameToHandleAt: (at) => {
      const found = Buffer.alloc(8 + MAX_HANDLE_SZ);
      found.writeUInt32LE(MAX_HANDLE_SZ, 0);
      handle(at.dirfd, cPath(at.path), found, Buffer.alloc(8), 0);
      return { type: found.readInt32LE(4), bytes: found.subarray(8, 8 + found.readUInt32LE(0)) };
    },
    flock: (fd, operation) => {
      try {
        lock(fd, operation);
        return true;
      } catch (error) {
        if ((error as ErrnoError).code === "EAGAIN") return false;
        throw error;
      }
    },
    statAt: stat,
    readlinkAt: (dirfd, path) => {
      const buffer = Buffer.alloc(PATH_MAX);
      return buffer.subarray(0, readlink(dirfd, cPath(path), buffer, PATH_MAX));
    },
    mknodAt: (at, mode, dev) => void mknod(at.dirfd, cPath(at.path), mode, dev),
    lseek: (fd, offset, whence) => seek(fd, offset, whence),
    fcntl: (fd, command, argument) => control(fd, command, argument),
    ioctl: (fd, request, argument) => device(fd, request, argument),
  };
}

/** One buffer for all calls: this one is made for every path of a commit. */
function toStatAt(statx: (...args: unknown[]) => number): Native["statAt"] {
  const buffer = Buffer.alloc(STATX_BYTES);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return (dirfd, path) => {
    try {
      const name = typeof path === "string" && !path.includes("\0") ? path : cPath(path);
      statx(dirfd, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, buffer);
    } catch (error) {
      if ((error as ErrnoError).code === "ENOENT") return undefined;
      throw error;
    }
    return decodeStatx(view);
  };
}

/** Asks for the size, then for the bytes; again where it grew between. */
function readSized(ask: (buffer: Uint8Array | null, size: number) => number): Buffer {
  for (;;) {
    const size = ask(null, 0);
    if (size === 0) return Buffer.alloc(0);
    const buffer = Buffer.alloc(size);
    try {
      return buffer.subarray(0, ask(buffer, size));
    } catch (error) {
      if ((error as ErrnoError).code !== "ERANGE") throw error;
    }
  }
}

function splitNames(bytes: Buffer): readonly string[] {
  if (bytes.length === 0) return [];
  return bytes.toString("utf8").split("\0").filter(Boolean);
}

/** NUL-terminated bytes of a path. */
function cPath(path: Path): Buffer {
  const bytes = typeof path === "string" ? Buffer.from(path, "utf8") : path;
  if (bytes.includes(0)) throw new Error("a path holds NUL");
  return Buffer.concat([bytes, Buffer.alloc(1)]);
}

function errnoName(names: Readonly<Record<string, number>>, errno: number): string {
  return Object.keys(names).find((name) => names[name] === errno) ?? `E${errno}`;
}
