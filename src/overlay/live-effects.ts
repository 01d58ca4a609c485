import { type BigIntStats, fstatSync } from "node:fs";
import type { Layers } from "../core/change.js";
import { addEffects, type Effects, NO_EFFECTS } from "../core/effects.js";
import { hasErrno } from "../core/error.js";
import { joinPath, type RelPath, ROOT_PATH } from "../core/path.js";
import { DirChain } from "../host/dir-chain.js";
import { readDirAt, readLinkAt, statAt, toChildPath } from "../host/dir-handle.js";
import type { Native } from "../host/native.js";
import { type CoveredPaths, createCoveredPaths } from "./covered-paths.js";
import { hasSameContent } from "./has-same-content.js";
import { countLost } from "./count-lost.js";
import { type CountedFile, type Place, toPlace } from "./live-place.js";
import { isOpaqueDir } from "./overlay-marks.js";
import { isWhiteout, toPathType } from "./path-type.js";

/** What the upperdir of one workspace destroys, counted again and again while its task runs. */
export interface LiveEffects {
  /**
   * Counts as far as the upperdir has moved since the last time; what did not move is not read again. Work in small pieces: whoever
   * drives it chooses when to go on, and ends it with `return` where it stops before the end. What vanishes or cannot be read meanwhile
   * counts as it did before: the changeset, read when the task is dead, is what a commit goes by.
   */
  look(): Generator<void, Effects>;
  /** What the last look found, a line each, not more than `most`. */
  list(most: number): readonly string[];
}

/** What `openLiveEffects` needs besides the layers. */
export interface LiveEffectsOptions {
  readonly native: Native;
  /** Whether overwritten files count: else no content is read. */
  readonly countsContent: boolean;
}

/** Timestamps move with the kernel's tick, at most 10 ms: what is younger than this may change without a new one. */
const TICK_NS = 100_000_000n;

/** The upperdir of `layers`, for a task that is about to run or runs on it. Nothing is read yet. */
export function openLiveEffects(layers: Layers, options: LiveEffectsOptions): LiveEffects {
  const root = toPlace({ parent: undefined, name: "", path: ROOT_PATH, hidesBase: false });
  const covered = createCoveredPaths(layers.covered);
  return {
    look: () => look(layers, { ...options, covered, root }),
    list: (most) => listLost(root, most),
  };
}

interface Known extends LiveEffectsOptions {
  readonly covered: CoveredPaths;
  readonly root: Place;
}

interface Walk extends Known {
  readonly lower: string;
  readonly upper: DirChain;
  readonly base: DirChain;
}

function* look(layers: Layers, known: Known): Generator<void, Effects> {
  const { root } = known;
  // The upperdir is in use: no mode is lifted for reading it.
  using upper = new DirChain(layers.upper, { node: root, unlock: false });
  using base = new DirChain(layers.lower, { node: root, unlock: false });
  const walk: Walk = { ...known, lower: layers.lower, upper, base };
  const pending: Place[] = [root];
  let sum = NO_EFFECTS;
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    yield;
    yield* tolerantly(refresh(walk, place), place);
    sum = addEffects(addEffects(sum, place.lostSum), place.filesSum);
    pending.push(...place.dirs.values());
  }
  return sum;
}

/** The task goes on meanwhile: what it took away under our hands is looked for again the next time. */
function* tolerantly(work: Generator<void, void>, place: Place): Generator<void, void> {
  try {
    yield* work;
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "EACCES", "EPERM", "ESTALE")) throw error;
    place.stamp = undefined;
  }
}

function* refresh(walk: Walk, place: Place): Generator<void, void> {
  const upperFd = walk.upper.fdOf(place);
  const baseFd = walk.base.fdOf(place);
  if (upperFd === undefined || baseFd === undefined) return;
  const stats = fstatSync(upperFd, { bigint: true });
  const stamp = toStamp(stats);
  if (place.stamp !== stamp) {
    yield* list(walk, place, { upperFd, baseFd });
    place.stamp = isSettled(stats) ? stamp : undefined;
  }
  yield* compareFiles(walk, place, { upperFd, baseFd });
}

interface Descriptors {
  readonly upperFd: number;
  readonly baseFd: number;
}

/** Judges each name that both sides know; of an opaque directory each name of the workspace. */
function* list(walk: Walk, place: Place, at: Descriptors): Generator<void, void> {
  const made = new Set(readDirAt(at.upperFd));
  const [lost, files, dirs]: [Place["lost"], Place["files"], Place["dirs"]] = [
    new Map(),
    new Map(),
    new Map(),
  ];
  let lostSum = NO_EFFECTS;
  for (const name of readDirAt(at.baseFd)) {
    if (!(made.has(name) || place.hidesBase)) continue;
    yield;
    const found = yield* judge(walk, place, { ...at, name, isMade: made.has(name) });
    switch (found?.kind) {
      case "dir":
        dirs.set(name, found.place);
        break;
      case "file":
        files.set(name, found.file);
        break;
      case "lost":
        lost.set(name, found.effects);
        lostSum = addEffects(lostSum, found.effects);
    }
  }
  Object.assign(place, { lost, lostSum, files, dirs });
}

type Found =
  | { readonly kind: "dir"; readonly place: Place }
  | { readonly kind: "file"; readonly file: CountedFile }
  | { readonly kind: "lost"; readonly effects: Effects };

/** What became of one name of the workspace; undefined: nothing that counts. */
function* judge(
  walk: Walk,
  place: Place,
  at: Descriptors & { readonly name: string; readonly isMade: boolean },
): Generator<void, Found | undefined> {
  const { name } = at;
  const path = joinPath(place.path, name);
  const upper = at.isMade ? statAt(at.upperFd, name) : undefined;
  const base = walk.covered.covers(path) ? undefined : statAt(at.baseFd, name);
  if (base === undefined) return undefined;
  if (upper === undefined || isGone(upper, base)) {
    // The workspace is the host's: what was counted once holds.
    const known = place.lost.get(name);
    return {
      kind: "lost",
      effects: known ?? (yield* countLost(walk, { place, name, path, base })),
    };
  }
  if (base.isDirectory()) return { kind: "dir", place: enter(walk, place, { ...at, path }) };
  if (base.isFile())
    return {
      kind: "file",
      file: place.files.get(name) ?? { stamp: undefined, effects: NO_EFFECTS },
    };
  if (base.isSymbolicLink() && isRetargeted(at, name))
    return { kind: "file", file: { stamp: undefined, effects: OVERWRITTEN_LINK } };
  return undefined;
}

function enter(
  { native }: Walk,
  place: Place,
  at: Descriptors & { readonly name: string; readonly path: RelPath },
): Place {
  const { name, path } = at;
  const hidesBase = place.hidesBase || isOpaqueDir(native, toChildPath(at.upperFd, name));
  const known = place.dirs.get(name);
  return known?.hidesBase === hidesBase ? known : toPlace({ parent: place, name, path, hidesBase });
}

const OVERWRITTEN_LINK: Effects = { ...NO_EFFECTS, overwrite: { files: 1, bytes: 0 } };

function isGone(upper: BigIntStats, base: BigIntStats): boolean {
  return isWhiteout(upper) || toPathType(upper) !== toPathType(base);
}

function isRetargeted({ upperFd, baseFd }: Descriptors, name: string): boolean {
  return readLinkAt(upperFd, name) !== readLinkAt(baseFd, name);
}

/** Files that moved since the last look. A copy-up keeps size and time of modification, so what only got another mode is not read. */
function* compareFiles(walk: Walk, place: Place, at: Descriptors): Generator<void, void> {
  let sum = NO_EFFECTS;
  for (const [name, known] of place.files) {
    yield;
    const next = walk.countsContent ? yield* compareFile(known, { ...at, name }) : known;
    place.files.set(name, next);
    sum = addEffects(sum, next.effects);
  }
  place.filesSum = sum;
}

function* compareFile(
  known: CountedFile,
  at: Descriptors & { readonly name: string },
): Generator<void, CountedFile> {
  const upper = statAt(at.upperFd, at.name);
  const stamp = upper && toStamp(upper);
  if (upper?.isFile() !== true || stamp === known.stamp) return known;
  const base = statAt(at.baseFd, at.name);
  if (base?.isFile() !== true) return known;
  const isSame =
    upper.size === base.size &&
    (upper.mtimeNs === base.mtimeNs || (yield* hasSameContent(at, at.name)));
  const bytes = Number(base.size);
  const effects = isSame ? NO_EFFECTS : { ...NO_EFFECTS, overwrite: { files: 1, bytes } };
  return { stamp: isSettled(upper) ? stamp : undefined, effects };
}

function toStamp({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}

function isSettled({ ctimeNs }: BigIntStats): boolean {
  return BigInt(Date.now()) * 1_000_000n - ctimeNs > TICK_NS;
}

function listLost(root: Place, most: number): readonly string[] {
  const lines: string[] = [];
  const pending = [root];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const { path } = place;
    const found = [
      ...place.lost,
      ...[...place.files].map(([name, { effects }]) => [name, effects] as const),
    ];
    for (const [name, effects] of found) {
      if (lines.length === most) return lines;
      lines.push(...describe(joinPath(path, name), effects));
    }
    pending.push(...place.dirs.values());
  }
  return lines;
}

function describe(path: RelPath, effects: Effects): readonly string[] {
  return (["delete", "overwrite"] as const).flatMap((effect) => {
    const { files, bytes } = effects[effect];
    if (files === 0) return [];
    const whole = files === 1 ? `${bytes} bytes` : `${files} files, ${bytes} bytes`;
    return [`${effect} ${JSON.stringify(path)} (${whole})`];
  });
}
