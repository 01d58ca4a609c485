import type { FileStat } from "./confined-stat.js";

/** A path relative to an open directory: one component, or `.` for the directory itself. */
export interface At {
  readonly dirfd: number;
  readonly name: string;
}

/**
 * Every system call a commit makes, one function each, so that a test can fail or end the process at
 * any of them. No function follows a symbolic link. Errors carry `code` (`ENOENT`, …).
 */
export interface FileOps {
  /** Opens a directory by its absolute path. `strict`: no component may be a symbolic link; else only the last. */
  openRoot(path: string, strict: boolean): number;
  /** Opens a directory below another, as a handle for the calls here only (`O_PATH`). */
  openDirectory(dirfd: number, path: string): number;
  openFile(at: At, flags: number): number;
  close(fd: number): void;
  /** Undefined where `at` is absent. */
  stat(at: At): FileStat | undefined;
  list(dirfd: number): readonly string[];
  readLink(at: At): string;
  listXattrs(at: At): readonly string[];
  getXattr(at: At, name: string): Buffer | undefined;
  setXattr(at: At, name: string, value: Uint8Array): void;
  removeXattr(at: At, name: string): void;
  rename(from: At, to: At, flags: number): void;
  link(from: At, to: At): void;
  unlink(at: At): void;
  removeDirectory(at: At): void;
  /** With mode 0700. */
  makeDirectory(at: At): void;
  makeSymlink(target: string, at: At): void;
  makeFifo(at: At): void;
  makeWhiteout(at: At): void;
  setOwner(at: At, owner: { readonly uid: number; readonly gid: number }): void;
  /** Not for symbolic links. */
  setMode(at: At, mode: number): void;
  setMtime(at: At, mtimeNs: string): void;
  /** Bytes read into `buffer` from the file's own offset; 0 at the end. */
  read(fd: number, buffer: Uint8Array): number;
  /** Writes all of `data` at the file's own offset. */
  write(fd: number, data: Uint8Array): void;
  truncate(fd: number, size: number): void;
  /** lseek(2) to the next data or hole at or after `offset`; undefined past the last data. */
  seek(fd: number, offset: number, to: "data" | "hole" | "start"): number | undefined;
  /** Shares the content of `from` with `to` (FICLONE); false where the filesystem cannot. */
  clone(to: number, from: number): boolean;
  syncData(fd: number): void;
  syncAll(fd: number): void;
  /** syncfs(2) of the filesystem a readable directory lies on. */
  syncFilesystem(dirfd: number): void;
  /** True when some process has the file open for writing, or that cannot be told. `fd` is open for reading. */
  hasWriter(fd: number): boolean;
}
