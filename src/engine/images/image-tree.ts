import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import { encodeName } from "../../core/path.js";
import { writeAll } from "../../host/atomic-file.js";
import { readDirNames } from "../../host/dir-handle.js";
import { removeTree } from "../../host/remove-tree.js";
import { hostile } from "./layer-path.js";

/** Whose an entry is and when it was written. */
export interface EntryMeta {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * The tree of an image while it is unpacked, in a private directory nobody else writes to. No symbolic link is followed: every
 * directory on the way to a place is one that was made here. Paths are those of `parseLayerPath`.
 */
export class ImageTree {
  readonly #root: string;
  /** Every directory there is; what is not told yet is as `mkdir` makes it. */
  readonly #dirs = new Map<string, EntryMeta | undefined>();
  readonly #isRoot = process.getuid?.() === 0;

  constructor(root: string) {
    this.#root = root;
    mkdirSync(root, { mode: 0o755 });
    this.#dirs.set("", undefined);
  }

  putDirectory(path: string, meta: EntryMeta): void {
    this.#makeParents(path);
    if (!this.#dirs.has(path)) {
      this.remove(path);
      mkdirSync(this.#at(path), { mode: 0o700 });
    }
    this.#dirs.set(path, meta);
  }

  /** A file whose bytes are written to the descriptor that `write` gets. */
  async putFile(
    path: string,
    meta: EntryMeta,
    write: (append: (bytes: Uint8Array) => void) => Promise<void>,
  ): Promise<void> {
    this.#makeWay(path);
    const fd = openSync(this.#at(path), CREATE, 0o600);
    try {
      await write((bytes) => writeAll(fd, bytes));
      if (this.#isRoot) fchownSync(fd, meta.uid, meta.gid);
      fchmodSync(fd, toKeptMode(meta));
      futimesSync(fd, meta.mtime, meta.mtime);
    } finally {
      closeSync(fd);
    }
  }

  putSymlink(path: string, target: string, meta: EntryMeta): void {
    if (target === "" || target.includes("\0")) throw hostile(path, "links to no name");
    this.#makeWay(path);
    const at = this.#at(path);
    symlinkSync(target.isWellFormed() ? target : Buffer.from(encodeName(target)), at);
    if (this.#isRoot) lchownSync(at, meta.uid, meta.gid);
    lutimesSync(at, meta.mtime, meta.mtime);
  }

  /** A hard link to a file (or symbolic link) that is there. */
  putLink(path: string, target: string): void {
    if (path === target) throw hostile(path, "links to itself");
    const isThere = this.#dirs.has(parentOf(target)) && !this.#dirs.has(target);
    const stat = isThere ? lstatSync(this.#at(target), { throwIfNoEntry: false }) : undefined;
    if (stat === undefined)
      throw hostile(path, `links to ${target}, which is no file of the image`);
    this.#makeWay(path);
    linkSync(this.#at(target), this.#at(path));
  }

  /** Removes `path` and all below it; absent: nothing happens. Throws where a symbolic link leads there. */
  remove(path: string): void {
    if (!this.#isReachable(path)) return;
    if (this.#dirs.has(path)) {
      this.#forget(path);
      // Aside first, under a name that is text whatever the image calls it.
      const aside = `${this.#root}.removed`;
      renameSync(this.#at(path), aside);
      removeTree(aside);
    } else if (lstatSync(this.#at(path), { throwIfNoEntry: false }) !== undefined)
      unlinkSync(this.#at(path));
  }

  /** Names in the directory `path`; none where it is no directory. */
  list(path: string): readonly string[] {
    return this.#dirs.has(path) ? readDirNames(this.#at(path)) : [];
  }

  isDirectory(path: string): boolean {
    return this.#dirs.has(path);
  }

  /** Gives all directories what their entries said: children first, since a directory may shut its owner out. */
  finish(): void {
    const paths = [...this.#dirs.keys()].sort().reverse();
    for (const path of paths) {
      const meta = this.#dirs.get(path);
      const at = this.#at(path);
      if (meta === undefined || path === "") {
        chmodSync(at, 0o755);
        continue;
      }
      if (this.#isRoot) lchownSync(at, meta.uid, meta.gid);
      utimesSync(at, meta.mtime, meta.mtime);
      chmodSync(at, toKeptMode(meta));
    }
  }

  #makeWay(path: string): void {
    this.#makeParents(path);
    this.remove(path);
  }

  #makeParents(path: string): void {
    if (path === "") return;
    const parent = parentOf(path);
    if (this.#dirs.has(parent)) return;
    this.#makeParents(parent);
    this.#refuseObstacle(parent, path);
    mkdirSync(this.#at(parent), { mode: 0o700 });
    this.#dirs.set(parent, undefined);
  }

  /** Whether every directory above `path` is there. Throws where one of them is something else. */
  #isReachable(path: string): boolean {
    if (path === "") return false;
    const parent = parentOf(path);
    if (this.#dirs.has(parent)) return true;
    if (this.#isReachable(parent)) this.#refuseObstacle(parent, path);
    return false;
  }

  #refuseObstacle(parent: string, path: string): void {
    const stat = lstatSync(this.#at(parent), { throwIfNoEntry: false });
    if (stat === undefined) return;
    const what = stat.isSymbolicLink() ? "a symbolic link" : "no directory";
    throw hostile(path, `lies below ${parent}, and that is ${what}`);
  }

  #forget(path: string): void {
    for (const name of this.list(path)) {
      const child = joinName(path, name);
      if (this.#dirs.has(child)) this.#forget(child);
    }
    this.#dirs.delete(path);
  }

  #at(path: string): string | Buffer {
    const text = this.#text(path);
    return text.isWellFormed() ? text : Buffer.from(encodeName(text));
  }

  #text(path: string): string {
    return path === "" ? this.#root : `${this.#root}/${path}`;
  }
}

/** `name` in the directory `path`. */
export function joinName(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Without setuid and setgid: they lie on the host, and a sandbox has no use for them. */
function toKeptMode({ mode }: EntryMeta): number {
  return mode & 0o1777;
}
