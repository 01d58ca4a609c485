import { parentPath } from "../core/path.js";
import { toKey } from "./close-selection.js";
import { readJournal } from "./read-journal.js";
import { inWorkspace, type Roots } from "./roots.js";
import type { Place } from "./step.js";
import type { Results, Transaction } from "./transaction.js";

/** The times a transaction left directories with, by place. */
type DirTimes = ReadonlyMap<string, string>;

/** The times that rollbacks of a commit left directories with. */
export function readLaterTimes(commitDirs: readonly string[]): readonly DirTimes[] {
  return commitDirs.map((directory) => {
    const { transaction, results } = readJournal(directory);
    return transaction === undefined ? new Map() : toTimes(transaction, results);
  });
}

/**
 * The directories whose entries the rollback brings back in full and nobody else touched since, with the time they
 * had before the commit. By time and not by ctime: a later commit that was rolled back has set just this time again.
 */
export function toDirTimes(
  roots: Roots,
  known: {
    readonly transaction: Transaction;
    readonly results: Results;
    readonly later: readonly DirTimes[];
    /** Keys of what is back once the rollback is done. */
    readonly back: ReadonlySet<string> | "all";
  },
): DirTimes {
  const { transaction, back } = known;
  const left = [toTimes(transaction, known.results), ...known.later];
  const partial = back === "all" ? new Set<string>() : findPartial(transaction, back);
  const times = new Map<string, string>();
  for (const { place, mtimeNs } of transaction.dirs) {
    const key = keyOf(place);
    if (partial.has(key) || !left.some((own) => own.has(key))) continue;
    const stat = roots.stat(place);
    if (stat?.type === "dir" && left.some((own) => own.get(key) === stat.mtimeNs))
      times.set(key, mtimeNs);
  }
  return times;
}

function toTimes(transaction: Transaction, results: Results): DirTimes {
  const times = new Map<string, string>();
  // A directory it made got its time last of all.
  for (const { workspace, path, after } of transaction.steps)
    if (after?.type === "dir") times.set(keyOf(inWorkspace(workspace, path)), after.mtimeNs);
  transaction.dirs.forEach((dir, index) => {
    const stamp = results.dirs.get(index);
    if (stamp !== undefined) times.set(keyOf(dir.place), stamp.mtimeNs);
  });
  return times;
}

/** Directories some of whose entries stay as the commit made them. */
function findPartial(transaction: Transaction, back: ReadonlySet<string>): ReadonlySet<string> {
  const partial = new Set<string>();
  for (const { workspace, path } of transaction.steps) {
    const parent = parentPath(path);
    if (parent !== undefined && !back.has(toKey(workspace, path)))
      partial.add(keyOf(inWorkspace(workspace, parent)));
  }
  return partial;
}

function keyOf(place: Place): string {
  return `${place.root}/${place.path}`;
}
