import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { applyDelta } from "./git-delta.js";
import { findInIndex, type PackIndex, parsePackIndex } from "./git-pack-index.js";

/** Files below a `.git` directory. Nothing here throws: what cannot be had is undefined. */
export interface GitFiles {
  read(path: string, maxBytes: number): Uint8Array | undefined;
  readRange(path: string, offset: number, length: number): Uint8Array | undefined;
  /** Names in a directory; none where there is no such directory. */
  list(path: string): readonly string[];
}

/** An object as it is hashed, without its head. */
interface GitObject {
  readonly type: "commit" | "tree" | "blob" | "tag";
  readonly body: Uint8Array;
}

/** The objects of one repository. Ids are 40 or 64 hexadecimal digits. */
export interface GitObjects {
  has(id: string): boolean;
  /** Undefined where it is not there, is damaged, too large, or no more may be read. */
  read(id: string): GitObject | undefined;
}

/** Bounds for repositories that a task has made up. Bytes. */
export const GIT_LIMITS = {
  object: 1 << 20,
  /** Of all indexes of packs together. */
  indexes: 64 << 20,
  /** Of all that is inflated for one repository. */
  inflated: 64 << 20,
  packs: 64,
  deltas: 50,
} as const;

const TYPES = ["commit", "tree", "blob", "tag"] as const;
const OFFSET_DELTA = 6;
const REF_DELTA = 7;

/**
 * Reads loose objects and packs (gitformat-pack(5), version 2), our own way: no git runs on what a task has made. An object
 * whose hash is not its name counts as not readable.
 */
export function openGitObjects(files: GitFiles): GitObjects {
  const store: Store = { files, packs: [], listed: false, budget: GIT_LIMITS.inflated };
  return {
    has: (id) =>
      files.readRange(toLoosePath(id), 0, 1) !== undefined || findPacked(store, id) !== undefined,
    read: (id) => quietly(() => verify(id, readLoose(store, id) ?? readPacked(store, id))),
  };
}

interface Pack {
  readonly path: string;
  readonly index: PackIndex;
}

interface Store {
  readonly files: GitFiles;
  packs: readonly Pack[];
  listed: boolean;
  budget: number;
}

/** Whatever a made-up file does to a parser: it could not be read. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function toLoosePath(id: string): string {
  return `objects/${id.slice(0, 2)}/${id.slice(2)}`;
}

function inflate(store: Store, bytes: Uint8Array, most: number): Uint8Array | undefined {
  const maxOutputLength = Math.min(most, store.budget);
  if (maxOutputLength <= 0) return undefined;
  const inflated = quietly(() => inflateSync(bytes, { maxOutputLength }));
  store.budget -= inflated?.length ?? maxOutputLength;
  return inflated;
}

function readLoose(store: Store, id: string): GitObject | undefined {
  const bytes = store.files.read(toLoosePath(id), GIT_LIMITS.object);
  const all = bytes && inflate(store, bytes, GIT_LIMITS.object);
  const end = all?.indexOf(0) ?? -1;
  if (all === undefined || end < 0 || end > 32) return undefined;
  const [word, size] = Buffer.from(all.subarray(0, end)).toString("latin1").split(" ");
  const type = TYPES.find((known) => known === word);
  const body = all.subarray(end + 1);
  return type === undefined || Number(size) !== body.length ? undefined : { type, body };
}

function listPacks(store: Store): readonly Pack[] {
  if (store.listed) return store.packs;
  store.listed = true;
  let rest: number = GIT_LIMITS.indexes;
  const names = store.files
    .list("objects/pack")
    .filter((name) => /^pack-[0-9a-f]+\.idx$/.test(name));
  store.packs = names
    .toSorted()
    .slice(0, GIT_LIMITS.packs)
    .flatMap((name) => {
      const bytes = store.files.read(`objects/pack/${name}`, rest);
      rest -= bytes?.length ?? 0;
      const index = bytes && quietly(() => parsePackIndex(bytes));
      const path = `objects/pack/${name.slice(0, -".idx".length)}.pack`;
      return index === undefined ? [] : [{ path, index }];
    });
  return store.packs;
}

interface Packed {
  readonly pack: Pack;
  readonly offset: number;
}

function findPacked(store: Store, id: string): Packed | undefined {
  for (const pack of listPacks(store)) {
    const offset = quietly(() => findInIndex(pack.index, id));
    if (offset !== undefined) return { pack, offset };
  }
  return undefined;
}

function readPacked(store: Store, id: string): GitObject | undefined {
  const found = findPacked(store, id);
  return found === undefined ? undefined : readEntry(store, found, GIT_LIMITS.deltas);
}

/** One entry of a pack; `depth`: deltas that may still be followed. */
function readEntry(store: Store, at: Packed, depth: number): GitObject | undefined {
  const head = store.files.readRange(at.pack.path, at.offset, 64);
  if (head === undefined || depth < 0) return undefined;
  const { kind, size, length } = parseEntryHead(head);
  if (size > GIT_LIMITS.object) return undefined;
  const type = TYPES[kind - 1];
  const base = type === undefined ? findBase(store, at, { kind, head, length }) : undefined;
  const start = at.offset + (base?.length ?? length);
  // Deflate never makes more of it than this (zlib's deflateBound).
  const bytes = store.files.readRange(at.pack.path, start, size + (size >> 10) + 64);
  const body = bytes && inflate(store, bytes, Math.max(size, 1));
  if (body === undefined || body.length !== size) return undefined;
  if (type !== undefined) return { type, body };
  const object = base && readBase(store, base, depth - 1);
  return object && { type: object.type, body: applyDelta(object.body, body, GIT_LIMITS.object) };
}

function parseEntryHead(head: Uint8Array): { kind: number; size: number; length: number } {
  const first = head[0] ?? 0;
  let size = first & 15;
  let length = 1;
  for (let more = first & 128, shift = 4; more !== 0 && length < 10; shift += 7, length += 1) {
    const byte = head[length] ?? 0;
    size += (byte & 127) * 2 ** shift;
    more = byte & 128;
  }
  return { kind: (first >> 4) & 7, size, length };
}

/** What a delta is made on, and where its own bytes begin in the entry. */
interface Base {
  readonly on: Packed | string;
  readonly length: number;
}

function findBase(
  store: Store,
  at: Packed,
  entry: { readonly kind: number; readonly head: Uint8Array; readonly length: number },
): Base | undefined {
  const { kind, head, length } = entry;
  if (kind === REF_DELTA) {
    const { hashBytes } = at.pack.index;
    const id = Buffer.from(head.subarray(length, length + hashBytes)).toString("hex");
    return { on: findPacked(store, id) ?? id, length: length + hashBytes };
  }
  if (kind !== OFFSET_DELTA) return undefined;
  let next = length;
  let back = (head[next] ?? 0) & 127;
  while (((head[next] ?? 0) & 128) !== 0 && next < 60) {
    next += 1;
    back = (back + 1) * 128 + ((head[next] ?? 0) & 127);
  }
  return { on: { pack: at.pack, offset: at.offset - back }, length: next + 1 };
}

function readBase(store: Store, { on }: Base, depth: number): GitObject | undefined {
  return typeof on === "string" ? readLoose(store, on) : readEntry(store, on, depth);
}

function verify(id: string, object: GitObject | undefined): GitObject | undefined {
  if (object === undefined) return undefined;
  const hash = createHash(id.length === 64 ? "sha256" : "sha1");
  hash.update(`${object.type} ${object.body.length}\0`).update(object.body);
  return hash.digest("hex") === id ? object : undefined;
}
