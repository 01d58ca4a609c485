import type { BigIntStats } from "node:fs";
import { addEffects, type Effects, NO_EFFECTS } from "../core/effects.js";
import { hasErrno } from "../core/error.js";
import { joinPath, type RelPath } from "../core/path.js";
import { DirChain } from "../host/dir-chain.js";
import { readDirAt, statAt } from "../host/dir-handle.js";
import type { CoveredPaths } from "./covered-paths.js";
import { type Place, toPlace } from "./live-place.js";

/** A name of the workspace that is gone. */
interface Lost {
  /** Where it was. */
  readonly place: Place;
  readonly name: string;
  readonly path: RelPath;
  readonly base: BigIntStats;
}

/** The workspace it was in. */
interface LostFrom {
  readonly lower: string;
  readonly root: Place;
  readonly covered: CoveredPaths;
}

/** All that a name of the workspace stood for: one mark can stand for a whole tree. In pieces, as `LiveEffects.look`. */
export function* countLost(from: LostFrom, lost: Lost): Generator<void, Effects> {
  const { place, name, path, base } = lost;
  if (!base.isDirectory()) return toLost(base);
  // A chain of its own: the caller's descriptors stay good.
  using chain = new DirChain(from.lower, { node: from.root, unlock: false });
  const pending = [toPlace({ parent: place, name, path, hidesBase: true })];
  let sum = NO_EFFECTS;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const fd = chain.fdOf(at);
    for (const found of fd === undefined ? [] : readBelow(from, at, fd)) {
      yield;
      if ("depth" in found) pending.push(found);
      else sum = addEffects(sum, found);
    }
  }
  return sum;
}

/** Each directory in it, to go on in, and what each other name held. */
function* readBelow(from: LostFrom, at: Place, fd: number): Generator<Place | Effects, void> {
  for (const name of readNames(fd)) {
    const path = joinPath(at.path, name);
    const stats = from.covered.covers(path) ? undefined : statAt(fd, name);
    if (stats?.isDirectory() === true) yield toPlace({ parent: at, name, path, hidesBase: true });
    else if (stats !== undefined) yield toLost(stats);
  }
}

/** What cannot be read holds nothing that is known. */
function readNames(fd: number): readonly string[] {
  try {
    return readDirAt(fd);
  } catch (error) {
    if (!hasErrno(error, "EACCES")) throw error;
    return [];
  }
}

function toLost(base: BigIntStats): Effects {
  const bytes = base.isFile() ? Number(base.size) : 0;
  return { ...NO_EFFECTS, delete: { files: 1, bytes } };
}
