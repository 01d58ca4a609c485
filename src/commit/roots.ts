import { realpathSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import type { At, FileOps } from "../host/confined-ops.js";
import { type ConfinedRoot, type Missing, openConfinedRoot } from "../host/confined-root.js";
import type { FileStat } from "../host/confined-stat.js";
import type { Place } from "./step.js";

/** The workspace with this index. */
export const workspaceRoot = toNames("w");
/** Where steps on this workspace have their slots. */
export const stageRoot = toNames("s");
/** The upperdir of this workspace. */
export const upperRoot = toNames("u");
/** The directory the upperdir of this workspace lies in. */
export const layersRoot = (index: number): string => `l${index}`;
/** `before/` of this commit. */
export const KEPT_ROOT = "b";
/** The commit's own directory. */
export const COMMIT_ROOT = "c";
/** `before/` of the commit that is rolled back. */
export const PREVIOUS_ROOT = "p";
/** `before/` of a later rollback that undid a rollback of that commit, and so has what it kept. */
export const keeperRoot = (index: number): string => `p${index}`;

/** The directories of a transaction, opened when first asked for. */
export interface Roots extends Disposable {
  root(name: string): ConfinedRoot;
  at(place: Place): At;
  /** The directory at `place` itself, held open: what is done to it hits no other that takes its name. */
  dirAt(place: Place): At;
  /** Undefined where nothing is there, for whatever reason. */
  stat(place: Place): FileStat | undefined;
  /** Looks everything up from the roots again. */
  forget(): void;
  /** Looks what is at `place` and below up again: it is another directory now, or none. */
  forgetBelow(place: Place): void;
}

/** Opens the directories named by a journal's `roots`. Workspaces may have no symbolic link in their path. */
export function openRoots(paths: Readonly<Record<string, string>>, ops: FileOps): Roots {
  const open = new Map<string, ConfinedRoot>();
  const root = (name: string): ConfinedRoot => {
    const known = open.get(name);
    if (known !== undefined) return known;
    const target = paths[name];
    if (target === undefined) throw new Error(`a transaction has no root ${name}`);
    const opened = openConfinedRoot(target, { ops, strict: name.startsWith("w") });
    open.set(name, opened);
    return opened;
  };
  return {
    root,
    at: (place) => root(place.root).at(place.path),
    dirAt: (place) => ({ dirfd: root(place.root).directory(place.path), name: "." }),
    stat: (place) => {
      const found = findPlace(() => root(place.root), place.path);
      return typeof found === "string" ? undefined : found;
    },
    forget: () => {
      for (const opened of open.values()) opened.forget();
    },
    forgetBelow: (place) => open.get(place.root)?.forgetBelow(place.path),
    [Symbol.dispose]: () => {
      for (const opened of open.values()) opened[Symbol.dispose]();
    },
  };
}

/** One string for each index: a hundred thousand steps name them. */
function toNames(letter: string): (index: number) => string {
  const names: string[] = [];
  return (index) => {
    for (let next = names.length; next <= index; next++) names.push(`${letter}${next}`);
    return names[index] ?? `${letter}${index}`;
  };
}

/** A root may be gone: layers that were discarded, a staging directory that was cleaned up. */
function findPlace(open: () => ConfinedRoot, path: RelPath): FileStat | Missing {
  let root: ConfinedRoot;
  try {
    root = open();
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return "parent";
    throw error;
  }
  return root.find(path);
}

/** `before/` of a commit, resolved. */
export function keptPath(commitDir: string): string {
  return path.join(realpathSync(commitDir), "before");
}

/** The place of a path in a workspace. */
export function inWorkspace(index: number, below: RelPath): Place {
  return { root: workspaceRoot(index), path: below };
}
