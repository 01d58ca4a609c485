import { constants } from "node:fs";
import type { At } from "../../src/host/confined-ops.js";
import { RENAME_EXCHANGE } from "../../src/host/native.js";
import { applyChange, type DiskChange } from "./model-change.js";
import type { DiskState, Inode, ModelImage } from "./model-disk.js";

/** What a call made durable. */
export type Barrier =
  | { readonly kind: "sync-file"; readonly ino: number }
  | { readonly kind: "sync-dir"; readonly ino: number }
  | { readonly kind: "sync-filesystem"; readonly dev: number };

interface OpenFile {
  readonly ino: number;
  readonly append: boolean;
  offset: number;
}

type Undated<Change> = Change extends DiskChange ? Omit<Change, "time"> : never;

const FIRST_FD = 1_000_000;

/** The inodes and open files of a model, and what changes them; every change is logged. */
export class ModelMachine {
  readonly inodes: Map<number, Inode>;
  readonly log: (DiskChange | Barrier)[] = [];
  readonly image: ModelImage;
  readonly files = new Map<number, OpenFile>();
  #nextFd = FIRST_FD;
  #nextIno: number;
  #clock: bigint;

  constructor(image: ModelImage, start: DiskState) {
    this.image = image;
    this.inodes = new Map(start);
    this.#nextIno = Math.max(...start.keys()) + 1;
    this.#clock = BigInt(lastTime(start));
  }

  rename(from: At, to: At, flags: number): void {
    const [source, target] = [this.place(from), this.place(to)];
    // The kernel compares the mounts before it looks for the names.
    if (this.dev(source.dir) !== this.dev(target.dir)) throw errno("EXDEV");
    const inode = this.must(from);
    const there = this.find(to);
    if (flags === RENAME_EXCHANGE) {
      if (there === undefined) throw errno("ENOENT");
      this.do({ kind: "rename", ino: inode.ino, ...source, to: target, exchanged: there.ino });
      return;
    }
    if (there !== undefined) throw errno("EEXIST");
    this.do({ kind: "rename", ino: inode.ino, ...source, to: target });
  }

  openFile(at: At, flags: number): number {
    const there = this.find(at);
    if ((flags & constants.O_EXCL) !== 0 && there !== undefined) throw errno("EEXIST");
    if (there === undefined && (flags & constants.O_CREAT) === 0) throw errno("ENOENT");
    if (there?.type === "symlink") throw errno("ELOOP");
    if ((flags & constants.O_DIRECTORY) !== 0) this.dir(there);
    const inode = there ?? this.make(at, { type: "file" });
    return this.open(inode, (flags & constants.O_APPEND) !== 0);
  }

  make(at: At, values: Partial<Inode>): Inode {
    const { dir, name } = this.place(at);
    const dev = this.dev(dir);
    this.free(at, dev);
    const time = this.tick();
    const inode: Inode = {
      ...{ ino: this.#nextIno, dev, type: "file", mode: 0o600, uid: 0, gid: 0, nlink: 1 },
      ...{ mtimeNs: time, ctimeNs: time, content: Buffer.alloc(0), target: "" },
      ...{ xattrs: new Map(), entries: new Map(), whiteout: false, ...values },
    };
    this.#nextIno += 1;
    this.do({ kind: "make", inode, dir, name });
    return inode;
  }

  do(change: Undated<DiskChange>): void {
    const whole = { ...change, time: this.tick() } as DiskChange;
    applyChange(this.inodes, whole);
    this.log.push(whole);
  }

  tick(): string {
    this.#clock += 1_000n;
    return String(this.#clock);
  }

  open(inode: Inode, append = false): number {
    this.#nextFd += 1;
    this.files.set(this.#nextFd, { ino: inode.ino, append, offset: 0 });
    return this.#nextFd;
  }

  file(fd: number): OpenFile {
    const file = this.files.get(fd);
    if (file === undefined) throw errno("EBADF");
    return file;
  }

  get(ino: number): Inode {
    const inode = this.inodes.get(ino);
    if (inode === undefined) throw new Error(`no inode ${ino}`);
    return inode;
  }

  fdInode(fd: number): Inode {
    return this.get(this.file(fd).ino);
  }

  dev(ino: number): number {
    return this.get(ino).dev;
  }

  dir(inode: Inode | undefined): Inode {
    if (inode === undefined) throw errno("ENOENT");
    if (inode.type === "symlink") throw errno("ELOOP");
    if (inode.type !== "dir") throw errno("ENOTDIR");
    return inode;
  }

  child(dir: Inode, name: string): Inode | undefined {
    if (name === "." || name === "") return dir;
    return this.inodes.get(dir.entries.get(name) ?? -1);
  }

  find(at: At): Inode | undefined {
    return this.child(this.dir(this.fdInode(at.dirfd)), at.name);
  }

  must(at: At): Inode {
    const found = this.find(at);
    if (found === undefined) throw errno("ENOENT");
    return found;
  }

  place(at: At): { readonly dir: number; readonly name: string } {
    const dir = this.dir(this.fdInode(at.dirfd));
    if (dir.nlink === 0 || at.name.includes("/")) throw errno("ENOENT");
    return { dir: dir.ino, name: at.name };
  }

  free(at: At, dev: number): void {
    if (this.dev(this.place(at).dir) !== dev) throw errno("EXDEV");
    if (this.find(at) !== undefined) throw errno("EEXIST");
  }
}

/** All are of this century: as long, so that text compares like numbers. */
function lastTime(state: DiskState): string {
  let last = "0";
  for (const { ctimeNs } of state.values()) if (ctimeNs > last) last = ctimeNs;
  return last;
}

/** Without a stack: most are expected, and to trace them all takes longer than everything else. */
export function errno(code: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = Object.assign(new Error(`${code}: model`), { code });
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}
