import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import type { DeniedPrograms } from "../policy/commands/find-denied-programs.js";

/** Where Debian and most others keep programs, and where programs keep theirs. */
const PROGRAM_DIRECTORIES = [
  ...["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
  ...["/usr/local/games", "/usr/games", "/usr/lib/git-core", "/usr/libexec", "/opt/bin"],
];
/** All that a sandbox shows of this host without being asked. */
const SYSTEM_TREES = ["/usr", "/opt", "/bin", "/sbin"];

/**
 * The files of this host that are the denied programs, under each of their real names: what is to be mounted over so that
 * nobody can start them. `directories`: where else a task finds programs. A symlink is followed to what it stands for, so that what
 * shares a file with a denied program (`vi` and `vim.basic`) goes with it. Sorted.
 */
export function findDeniedFiles(
  { names, files }: DeniedPrograms,
  directories: readonly string[],
): readonly string[] {
  if (names.length === 0 && files.length === 0) return [];
  const places = new Set([...PROGRAM_DIRECTORIES, ...directories]);
  const asked = [
    ...files,
    ...[...places].flatMap((place) => names.map((name) => path.join(place, name))),
  ];
  const found = new Map<string, Stats>();
  for (const file of asked) {
    const real = toRegularFile(file);
    if (real !== undefined) found.set(real.path, real.stats);
  }
  const linked = findLinked(found, places);
  // A name that lies elsewhere is rare, and costs a walk over everything.
  const others =
    linked.size === 0
      ? []
      : [...SYSTEM_TREES, ...directories].flatMap((tree) => findLinks(tree, linked));
  return [...new Set([...found.keys(), ...others])].sort();
}

/** Adds what the places of programs hold of other names, and returns the inodes that have still more. */
function findLinked(found: Map<string, Stats>, places: ReadonlySet<string>): ReadonlySet<string> {
  const linked = new Map(
    [...found.values()].filter(({ nlink }) => nlink > 1).map((stats) => [toInode(stats), stats]),
  );
  if (linked.size === 0) return new Set();
  for (const place of places)
    for (const { name } of listDirectory(place)) {
      const real = toRegularFile(path.join(place, name));
      if (real !== undefined && linked.has(toInode(real.stats))) found.set(real.path, real.stats);
    }
  const names = new Map<string, number>();
  for (const stats of found.values())
    names.set(toInode(stats), (names.get(toInode(stats)) ?? 0) + 1);
  const hasMore = ([inode, { nlink }]: readonly [string, Stats]): boolean =>
    (names.get(inode) ?? 0) < nlink;
  return new Set([...linked].filter(hasMore).map(([inode]) => inode));
}

function toRegularFile(file: string): { readonly path: string; readonly stats: Stats } | undefined {
  try {
    const real = realpathSync(file);
    const stats = statSync(real);
    return stats.isFile() ? { path: real, stats } : undefined;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) return undefined;
    throw error;
  }
}

/** Every other name of these files: a mount covers one name. */
function findLinks(tree: string, inodes: ReadonlySet<string>): readonly string[] {
  const top = lstatSync(tree, { throwIfNoEntry: false });
  if (top?.isDirectory() !== true) return [];
  const found: string[] = [];
  const pending = [tree];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop())
    for (const entry of listDirectory(directory)) {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory()) pending.push(file);
      else if (entry.isFile() && inodes.has(toInode(lstatSync(file)))) found.push(file);
    }
  return found;
}

function listDirectory(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    // What the person cannot list a task cannot either.
    if (hasErrno(error, "ENOENT", "EACCES")) return [];
    throw error;
  }
}

function toInode({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}
