import type { DiskState, Inode } from "./model-disk.js";

/** What a system call changes on a disk, as it could be replayed on another state of it. */
export type DiskChange = { readonly time: string } & (
  | { readonly kind: "make"; readonly inode: Inode; readonly dir: number; readonly name: string }
  | { readonly kind: "link"; readonly ino: number; readonly dir: number; readonly name: string }
  | { readonly kind: "unlink"; readonly ino: number; readonly dir: number; readonly name: string }
  | {
      readonly kind: "rename";
      readonly ino: number;
      readonly dir: number;
      readonly name: string;
      readonly to: { readonly dir: number; readonly name: string };
      /** What is at `to` and takes the place of it. */
      readonly exchanged?: number;
    }
  | {
      readonly kind: "set";
      readonly ino: number;
      readonly values: Partial<Pick<Inode, "mode" | "uid" | "gid" | "mtimeNs">>;
    }
  | {
      readonly kind: "xattr";
      readonly ino: number;
      readonly name: string;
      readonly value: string | undefined;
    }
  | { readonly kind: "write"; readonly ino: number; readonly offset: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly ino: number; readonly size: number }
);

/** Brings a change on a state. What it changes must be there. */
export function applyChange(state: Map<number, Inode>, change: DiskChange): void {
  const { time } = change;
  const edit = (ino: number, values: Partial<Inode>): void => {
    state.set(ino, { ...mustGet(state, ino), ctimeNs: time, ...values });
  };
  const enter = (dir: number, name: string, ino: number | undefined): void => {
    const entries = new Map(mustGet(state, dir).entries);
    if (ino === undefined) entries.delete(name);
    else entries.set(name, ino);
    edit(dir, { entries, mtimeNs: time });
  };
  switch (change.kind) {
    case "make":
      state.set(change.inode.ino, change.inode);
      enter(change.dir, change.name, change.inode.ino);
      return;
    case "link":
      edit(change.ino, { nlink: mustGet(state, change.ino).nlink + 1 });
      enter(change.dir, change.name, change.ino);
      return;
    case "unlink":
      edit(change.ino, { nlink: mustGet(state, change.ino).nlink - 1 });
      enter(change.dir, change.name, undefined);
      return;
    case "rename":
      enter(change.dir, change.name, change.exchanged);
      enter(change.to.dir, change.to.name, change.ino);
      edit(change.ino, {});
      if (change.exchanged !== undefined) edit(change.exchanged, {});
      return;
    case "set":
      edit(change.ino, change.values);
      return;
    case "xattr": {
      const xattrs = new Map(mustGet(state, change.ino).xattrs);
      if (change.value === undefined) xattrs.delete(change.name);
      else xattrs.set(change.name, change.value);
      edit(change.ino, { xattrs });
      return;
    }
    case "write": {
      const { content } = mustGet(state, change.ino);
      const size = Math.max(content.length, change.offset + change.data.length);
      const next = Buffer.alloc(size);
      content.copy(next);
      change.data.copy(next, change.offset);
      edit(change.ino, { content: next, mtimeNs: time });
      return;
    }
    case "truncate": {
      const next = Buffer.alloc(change.size);
      mustGet(state, change.ino).content.copy(next);
      edit(change.ino, { content: next, mtimeNs: time });
      return;
    }
  }
}

function mustGet(state: DiskState, ino: number): Inode {
  const inode = state.get(ino);
  if (inode === undefined) throw new Error(`no inode ${ino}`);
  return inode;
}
