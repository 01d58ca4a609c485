import { createRequire } from "node:module";
import type koffi from "koffi";
import type { FileStat } from "./confined-stat.js";
import {
  toDescriptorCalls,
  toMetadataCalls,
  toNameCalls,
  toStatAt,
  toXattrCalls,
} from "./native-calls.js";

type Path = string | Uint8Array;

/**
 * The system calls Node has no function for, by libc through koffi. Every function throws an
 * error with `code` (`ENOENT`), `errno` and `syscall`, as Node's own have them. Paths are strings or bytes; none may hold NUL. See the man page, section 2, of each name.
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
  /** Does not follow. `ENOSYS` before Linux 6.6. */
  fchmodat2(at: { dirfd: number; path: Path }, mode: number): void;
  /** Sets the modification time (ns since the epoch) and leaves the access time. Does not follow. */
  setMtimeAt(at: { dirfd: number; path: Path }, mtimeNs: bigint): void;
  syncfs(fd: number): void;
  /** Throws away what was typed into a terminal and not read yet (tcflush(3)). */
  tcflushInput(fd: number): void;
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

/** Loads libc. Costs a few milliseconds: call it only where it is needed, and pass the result on. */
export function openNative(): Native {
  const require = createRequire(import.meta.url);
  const ffi = require("koffi") as typeof koffi;
  const libc = ffi.load("libc.so.6");
  const names = toErrnoNames(ffi.os.errno);
  /** A negative result is the error number. */
  const attempt = (signature: string): ((...args: unknown[]) => number) => {
    const symbol = libc.func(signature);
    return (...args) => {
      const result = Number(symbol(...args));
      return result >= 0 ? result : -ffi.errno();
    };
  };
  const call = (signature: string): ((...args: unknown[]) => number) => {
    const symbol = attempt(signature);
    const name = /(\w+)\(/.exec(signature)?.[1] ?? signature;
    return (...args) => {
      const result = symbol(...args);
      if (result >= 0) return result;
      const errno = -result;
      const code = names.get(errno) ?? `E${errno}`;
      throw Object.assign(new Error(`${name}: ${code}`), { code, errno, syscall: name });
    };
  };
  const stat = toStatAt(
    attempt("int statx(int dirfd, const char *path, int flags, unsigned int mask, void *buffer)"),
    call("int statx(int dirfd, const char *path, int flags, unsigned int mask, void *buffer)"),
  );
  return {
    ...toXattrCalls(call),
    ...toNameCalls(call),
    ...toMetadataCalls(call),
    ...toDescriptorCalls(call),
    statAt: stat,
  };
}

/** Number → name; of several names of one number the first (`EAGAIN` before `EWOULDBLOCK`). */
function toErrnoNames(codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [name, errno] of Object.entries(codes)) if (!names.has(errno)) names.set(errno, name);
  return names;
}
