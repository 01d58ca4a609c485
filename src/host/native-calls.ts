import { hasErrno } from "../core/error.js";
import { decodeStatx, type FileStat, STATX_BASIC_STATS, STATX_BYTES } from "./confined-stat.js";

type Path = string | Uint8Array;

/** Where a call finds a path. */
interface Place {
  readonly dirfd: number;
  readonly path: Path;
}

/** A C function of this signature: its result, or an error with `code`. */
export type Call = (signature: string) => (...args: unknown[]) => number;

/** tcflush(3): throw away what was received and not read. */
const TCIFLUSH = 0;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** The same numbers on every architecture. */
const SYS_OPENAT2 = 437;
const SYS_FCHMODAT2 = 452;
const PATH_MAX = 4096;
const MAX_HANDLE_SZ = 128;
const UTIME_OMIT = (1n << 30n) - 2n;

/** xattr(7). */
export function toXattrCalls(call: Call) {
  const list = call("long llistxattr(const char *path, void *list, size_t size)");
  const get = call("long lgetxattr(const char *path, const char *name, void *value, size_t size)");
  const set = call(
    "int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags)",
  );
  const remove = call("int lremovexattr(const char *path, const char *name)");
  return {
    llistxattr: (path: Path): readonly string[] =>
      splitNames(readSized((buffer, size) => list(cPath(path), buffer, size))),
    lgetxattr: (path: Path, name: string): Buffer | undefined => {
      try {
        return readSized((buffer, size) => get(cPath(path), name, buffer, size));
      } catch (error) {
        if (hasErrno(error, "ENODATA")) return undefined;
        throw error;
      }
    },
    lsetxattr: (path: Path, name: string, value: Uint8Array): void =>
      void set(cPath(path), name, value, value.length, 0),
    lremovexattr: (path: Path, name: string): void => void remove(cPath(path), name),
  };
}

/** Calls that open, make, move and remove names. */
export function toNameCalls(call: Call) {
  const open = call(
    "long syscall(long number, long dirfd, const char *path, void *how, size_t size)",
  );
  const rename = call(
    "int renameat2(int from, const char *path, int to, const char *target, unsigned int flags)",
  );
  const link = call(
    "int linkat(int from, const char *path, int to, const char *target, int flags)",
  );
  const unlink = call("int unlinkat(int dirfd, const char *path, int flags)");
  const mkdir = call("int mkdirat(int dirfd, const char *path, unsigned int mode)");
  const symlink = call("int symlinkat(const char *target, int dirfd, const char *path)");
  const mkfifo = call("int mkfifoat(int dirfd, const char *path, unsigned int mode)");
  const mknod = call(
    "int mknodat(int dirfd, const char *path, unsigned int mode, unsigned long dev)",
  );
  return {
    openat2: (
      dirfd: number,
      path: Path,
      how: { flags: number; mode?: number; resolve: number },
    ): number => {
      const words = BigUint64Array.of(
        BigInt(how.flags),
        BigInt(how.mode ?? 0),
        BigInt(how.resolve),
      );
      return open(SYS_OPENAT2, dirfd, cPath(path), words, words.byteLength);
    },
    renameat2: (from: Place, to: Place & { flags?: number }): void =>
      void rename(from.dirfd, cPath(from.path), to.dirfd, cPath(to.path), to.flags ?? 0),
    linkat: (from: Place, to: Place & { flags?: number }): void =>
      void link(from.dirfd, cPath(from.path), to.dirfd, cPath(to.path), to.flags ?? 0),
    unlinkat: (dirfd: number, path: Path, flags: number): void =>
      void unlink(dirfd, cPath(path), flags),
    mkdirat: (dirfd: number, path: Path, mode: number): void =>
      void mkdir(dirfd, cPath(path), mode),
    symlinkat: (target: Path, at: Place): void =>
      void symlink(cPath(target), at.dirfd, cPath(at.path)),
    mkfifoat: (dirfd: number, path: Path, mode: number): void =>
      void mkfifo(dirfd, cPath(path), mode),
    mknodAt: (at: Place, mode: number, dev: number): void =>
      void mknod(at.dirfd, cPath(at.path), mode, dev),
  };
}

/** Calls that read and set what is known of a name besides its content. */
export function toMetadataCalls(call: Call) {
  const chown = call(
    "int fchownat(int dirfd, const char *path, unsigned int uid, unsigned int gid, int flags)",
  );
  const utimens = call("int utimensat(int dirfd, const char *path, const void *times, int flags)");
  const chmod = call(
    "long syscall(long number, long dirfd, const char *path, long mode, long flags)",
  );
  const handle = call(
    "int name_to_handle_at(int dirfd, const char *path, void *handle, void *mount, int flags)",
  );
  const readlink = call("long readlinkat(int dirfd, const char *path, void *buffer, size_t size)");
  return {
    fchownat: (at: Place, owner: { uid: number; gid: number }): void =>
      void chown(at.dirfd, cPath(at.path), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW),
    fchmodat2: (at: Place, mode: number): void =>
      void chmod(SYS_FCHMODAT2, at.dirfd, cPath(at.path), mode, AT_SYMLINK_NOFOLLOW),
    setMtimeAt: (at: Place, mtimeNs: bigint): void => {
      const second = 1_000_000_000n;
      const nanos = ((mtimeNs % second) + second) % second;
      const times = BigInt64Array.of(0n, UTIME_OMIT, (mtimeNs - nanos) / second, nanos);
      utimens(at.dirfd, cPath(at.path), times, AT_SYMLINK_NOFOLLOW);
    },
    nameToHandleAt: (at: Place) => {
      const found = Buffer.alloc(8 + MAX_HANDLE_SZ);
      found.writeUInt32LE(MAX_HANDLE_SZ, 0);
      handle(at.dirfd, cPath(at.path), found, Buffer.alloc(8), 0);
      return { type: found.readInt32LE(4), bytes: found.subarray(8, 8 + found.readUInt32LE(0)) };
    },
    readlinkAt: (dirfd: number, path: Path): Buffer => {
      const buffer = Buffer.alloc(PATH_MAX);
      return buffer.subarray(0, readlink(dirfd, cPath(path), buffer, PATH_MAX));
    },
  };
}

/** Calls on open descriptors. */
export function toDescriptorCalls(call: Call) {
  const sync = call("int syncfs(int fd)");
  const lock = call("int flock(int fd, int operation)");
  const flush = call("int tcflush(int fd, int queue)");
  const seek = call("long lseek(int fd, long offset, int whence)");
  const control = call("int fcntl(int fd, int command, long argument)");
  const device = call("int ioctl(int fd, unsigned long request, long argument)");
  return {
    syncfs: (fd: number): void => void sync(fd),
    tcflushInput: (fd: number): void => void flush(fd, TCIFLUSH),
    flock: (fd: number, operation: number): boolean => {
      try {
        lock(fd, operation);
        return true;
      } catch (error) {
        if (hasErrno(error, "EAGAIN")) return false;
        throw error;
      }
    },
    lseek: (fd: number, offset: number, whence: number): number => seek(fd, offset, whence),
    fcntl: (fd: number, command: number, argument: number): number =>
      control(fd, command, argument),
    ioctl: (fd: number, request: number, argument: number): number => device(fd, request, argument),
  };
}

const ENOENT = 2;

/** One buffer and no error object: this call is made several times for every path of a commit. */
export function toStatAt(
  attempt: (...args: unknown[]) => number,
  call: (...args: unknown[]) => number,
): (dirfd: number, path: Path) => FileStat | undefined {
  const buffer = Buffer.allocUnsafeSlow(STATX_BYTES);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  return (dirfd, path) => {
    const flags = [AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, buffer];
    const result = attempt(dirfd, cPath(path), ...flags);
    if (result === -ENOENT) return undefined;
    // Once more, for the error.
    if (result < 0) call(dirfd, cPath(path), ...flags);
    return decodeStatx(view);
  };
}

const SMALL = Buffer.allocUnsafeSlow(1024);

/** Asks for the bytes; where they are many for the size first, and again where it grew between. */
function readSized(ask: (buffer: Uint8Array | null, size: number) => number): Buffer {
  try {
    return Buffer.from(SMALL.subarray(0, ask(SMALL, SMALL.length)));
  } catch (error) {
    if (!hasErrno(error, "ERANGE")) throw error;
  }
  for (;;) {
    const size = ask(null, 0);
    if (size === 0) return Buffer.alloc(0);
    const buffer = Buffer.alloc(size);
    try {
      return buffer.subarray(0, ask(buffer, size));
    } catch (error) {
      if (!hasErrno(error, "ERANGE")) throw error;
    }
  }
}

function splitNames(bytes: Buffer): readonly string[] {
  if (bytes.length === 0) return [];
  return bytes.toString("utf8").split("\0").filter(Boolean);
}

/** A path as a C string: koffi takes a string faster than bytes, but only what is Unicode survives it. */
function cPath(path: Path): string | Buffer {
  const hasNul = typeof path === "string" ? path.includes("\0") : path.includes(0);
  if (hasNul) throw new Error("a path holds NUL");
  if (typeof path !== "string") return Buffer.concat([path, Buffer.alloc(1)]);
  return path.isWellFormed() ? path : Buffer.from(`${path}\0`, "utf8");
}
