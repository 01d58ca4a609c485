import type { Stats } from "node:fs";
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { decodeName, encodeName } from "../../src/core/path.js";
import type { FileStat } from "../../src/host/confined-stat.js";
import { openNative } from "../../src/host/native.js";

const native = openNative();

/** An inode of the model. Never changed: a change is another value with the same number. */
export interface Inode {
  readonly ino: number;
  /** The filesystem it lies on: no rename or link leads to another. */
  readonly dev: number;
  readonly type: FileStat["type"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly nlink: number;
  readonly content: Buffer;
  readonly target: string;
  readonly xattrs: ReadonlyMap<string, string>;
  readonly entries: ReadonlyMap<string, number>;
  readonly whiteout: boolean;
}

/** All inodes of all filesystems of the model at one moment. A copy of the map is a snapshot. */
export type DiskState = ReadonlyMap<number, Inode>;

/** A directory of this machine as a model: same inode numbers, names, content and metadata. */
export interface ModelImage {
  /** The absolute path the model's root stands for. */
  readonly base: string;
  readonly root: number;
  readonly state: DiskState;
}

/** Reads the real tree at `base` into a model; `toDev` says on which filesystem a path is to lie. */
export function readImage(base: string, toDev: (path: string) => number): ModelImage {
  const state = new Map<number, Inode>();
  const read = (path: string): number => {
    const full = toFull(path);
    const stat = lstatSync(full, { bigint: true });
    const ino = Number(stat.ino);
    if (state.has(ino)) return ino;
    const entries = new Map<string, number>();
    if (stat.isDirectory())
      for (const name of readdirSync(full, { encoding: "buffer" }).map(decodeName).sort())
        entries.set(name, read(`${path}/${name}`));
    const names = native.llistxattr(full);
    const xattrs = names.map(
      (name) => [name, native.lgetxattr(full, name)?.toString("base64") ?? ""] as const,
    );
    state.set(ino, {
      ...{ ino, dev: toDev(path), type: toType(stat), mode: Number(stat.mode) & 0o7777 },
      ...{ uid: Number(stat.uid), gid: Number(stat.gid), nlink: Number(stat.nlink) },
      ...{ mtimeNs: String(stat.mtimeNs), ctimeNs: String(stat.ctimeNs), entries },
      content: stat.isFile() ? readFileSync(full) : Buffer.alloc(0),
      target: stat.isSymbolicLink() ? decodeName(readlinkSync(full, { encoding: "buffer" })) : "",
      ...{ xattrs: new Map(xattrs), whiteout: stat.isCharacterDevice() && stat.rdev === 0n },
    });
    return ino;
  };
  return { base, root: read(base), state };
}

type Kinds = Pick<Stats, "isFile" | "isDirectory" | "isSymbolicLink" | "isFIFO" | "isSocket">;

function toType(stat: Kinds): FileStat["type"] {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "dir";
  if (stat.isSymbolicLink()) return "symlink";
  if (stat.isFIFO()) return "fifo";
  return stat.isSocket() ? "socket" : "device";
}

function toFull(path: string): string | Buffer {
  return path.isWellFormed() ? path : Buffer.from(encodeName(path));
}

/** The inode at an absolute path of the model; undefined where there is none. Follows no link. */
export function findInode(image: ModelImage, state: DiskState, path: string): Inode | undefined {
  if (path !== image.base && !path.startsWith(`${image.base}/`))
    throw new Error(`${path} is not in the model`);
  let found = state.get(image.root);
  for (const name of path
    .slice(image.base.length + 1)
    .split("/")
    .filter(Boolean))
    found = state.get(found?.entries.get(name) ?? -1);
  return found;
}

/** The tree below a path of the model, in the words of `describeTree`. */
export function describeModel(
  state: DiskState,
  root: Inode | undefined,
  options: { readonly dirTimes?: boolean } = {},
): string {
  if (root === undefined) return "nothing\n";
  const entries = [...walk(state, root, "")];
  const groups = new Map<number, string[]>();
  for (const { name, inode } of entries)
    groups.set(inode.ino, [...(groups.get(inode.ino) ?? []), name]);
  const lines = entries.map(({ name, inode }) => {
    const group = groups.get(inode.ino) ?? [];
    // A whiteout has no time to speak of.
    const hasTime = options.dirTimes !== false || (inode.type !== "dir" && !inode.whiteout);
    return [
      JSON.stringify(name),
      (TYPE_BITS[inode.type] | inode.mode).toString(8),
      `${inode.uid}:${inode.gid}`,
      hasTime ? inode.mtimeNs : "",
      describeContent(inode),
      group.length > 1 ? JSON.stringify(group[0]) : "",
      [...inode.xattrs.keys()]
        .toSorted()
        .map(
          (key) => `${key}=${Buffer.from(inode.xattrs.get(key) ?? "", "base64").toString("hex")}`,
        )
        .join(","),
    ].join(" ");
  });
  return `${lines.join("\n")}\n`;
}

const TYPE_BITS = {
  ...{ file: 0o100000, dir: 0o040000, symlink: 0o120000, fifo: 0o010000 },
  ...{ socket: 0o140000, device: 0o020000 },
} as const;

const hashes = new WeakMap<Buffer, string>();

function describeContent(inode: Inode): string {
  if (inode.type === "symlink") return inode.target;
  if (inode.type !== "file") return "";
  const known = hashes.get(inode.content);
  if (known !== undefined) return known;
  const hash = createHash("sha256").update(inode.content).digest("hex").slice(0, 12);
  hashes.set(inode.content, hash);
  return hash;
}

function* walk(
  state: DiskState,
  inode: Inode,
  name: string,
): Generator<{ readonly name: string; readonly inode: Inode }> {
  yield { name, inode };
  for (const child of [...inode.entries.keys()].sort()) {
    const next = state.get(inode.entries.get(child) ?? -1);
    if (next === undefined) throw new Error(`${name}/${child} leads to no inode`);
    yield* walk(state, next, name === "" ? child : `${name}/${child}`);
  }
}
