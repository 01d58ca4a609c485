import { applyChange, type DiskChange } from "./model-change.js";
import type { DiskState } from "./model-disk.js";
import type { Barrier } from "./model-machine.js";
import type { ModelDisk } from "./model-ops.js";

/** A state that a disk may be in after the power failed, and how it came to be. */
export interface CrashState {
  readonly state: DiskState;
  readonly about: string;
}

/** What became of one change that was not synced when the power failed. */
type Fate = "kept" | "lost" | "zeroed";

interface Entry {
  readonly change: DiskChange;
  /** Changes that must be on the disk for this one to be: of the same names, and the makers of what it is done to. */
  readonly needs: readonly number[];
  readonly dev: number;
  /** The position of the barrier after which it is durable; Infinity where none came. */
  readonly durableAt: number;
}

/**
 * States that a power cut may leave, after the rules of ALICE (Pillai et al., OSDI 2014) and CrashMonkey (Mohan et al., OSDI 2018): what a
 * barrier covered is there. Of the rest any part may be, in any order, on each filesystem for itself, but: a rename is whole or not at all;
 * changes of one name, and of one inode's metadata, keep their order; no directory is filled before it is where it was filled, or moved before it was emptied (any
 * filesystem with a journal of metadata keeps at least this). What is written may be missing, or zeros while the size has grown. fsync of a file does not make its name durable; that takes one of the directory. The
 * orders journaling filesystems keep (every change up to some moment; data later than names) are among them.
 */
export function* crashStates(
  start: DiskState,
  log: ModelDisk["log"],
  o: { readonly random: () => number; readonly perPoint: number },
): Generator<CrashState> {
  const entries = toEntries(start, log);
  const points = [...log.keys()].filter((at) => isBarrier(log[at]) || o.random() < 0.05);
  for (const point of [...points, log.length])
    for (const [name, toFate] of toVariants(entries, { ...o, point })) {
      const state = replay(start, entries, { point, toFate });
      yield { state, about: `power cut at ${point} of ${log.length}, ${name}` };
    }
}

type ToFate = (index: number, entry: Entry) => Fate;

/** The classic ones, and random mixtures. */
function* toVariants(
  entries: ReadonlyMap<number, Entry>,
  o: { readonly random: () => number; readonly perPoint: number; readonly point: number },
): Generator<readonly [string, ToFate]> {
  const { random, point } = o;
  const isData = ({ change }: Entry): boolean => change.kind === "write";
  yield ["nothing of what was not synced", () => "lost"];
  yield ["everything", () => "kept"];
  yield ["names without content", (_, entry) => (isData(entry) ? "lost" : "kept")];
  yield ["names and sizes, zeros for content", (_, entry) => (isData(entry) ? "zeroed" : "kept")];
  for (let count = 0; count < o.perPoint; count += 1) {
    const loose = [...entries]
      .filter(([at, { durableAt }]) => at < point && durableAt >= point)
      .map(([at]) => at);
    const pick = (): number => loose[Math.floor(random() * loose.length)] ?? 0;
    const one = pick();
    const ends = new Map([1, 2].map((dev) => [dev, pick()]));
    const share = random();
    const fates = new Map<number, Fate>(
      loose.map((at) => [at, random() < share ? "kept" : random() < 0.2 ? "zeroed" : "lost"]),
    );
    const needed = withNeeds(entries, one);
    yield [
      `in order, up to ${[...ends.values()].join(" and ")}`,
      (at, { dev }) => (at <= (ends.get(dev) ?? 0) ? "kept" : "lost"),
    ];
    yield [`all but ${one}`, (at) => (at === one ? "lost" : "kept")];
    yield [`only ${one}`, (at) => (needed.has(at) ? "kept" : "lost")];
    yield [`any mixture (${count})`, (at) => fates.get(at) ?? "lost"];
  }
}

function withNeeds(entries: ReadonlyMap<number, Entry>, at: number): ReadonlySet<number> {
  const all = new Set([at]);
  for (const one of all) for (const need of entries.get(one)?.needs ?? []) all.add(need);
  return all;
}

function replay(
  start: DiskState,
  entries: ReadonlyMap<number, Entry>,
  o: { readonly point: number; readonly toFate: ToFate },
): DiskState {
  const state = new Map(start);
  const lost = new Set<number>();
  for (const [at, entry] of entries) {
    if (at >= o.point) break;
    const fate = entry.durableAt < o.point ? "kept" : o.toFate(at, entry);
    if (fate === "lost" || entry.needs.some((need) => lost.has(need))) {
      lost.add(at);
      continue;
    }
    const { change } = entry;
    const isZeroed = fate === "zeroed" && change.kind === "write";
    applyChange(state, isZeroed ? { ...change, data: Buffer.alloc(change.data.length) } : change);
  }
  return state;
}

function toEntries(start: DiskState, log: ModelDisk["log"]): ReadonlyMap<number, Entry> {
  const entries = new Map<number, Entry>();
  const order = new Order();
  const devs = new Map<number, number>([...start.values()].map(({ ino, dev }) => [ino, dev]));
  for (const [at, change] of log.entries()) {
    if (isBarrier(change)) continue;
    if (change.kind === "make") devs.set(change.inode.ino, change.inode.dev);
    const dev = devs.get(change.kind === "make" ? change.inode.ino : change.ino) ?? 1;
    const durableAt = log.findIndex(
      (later, index) => index > at && isBarrier(later) && covers(later, change, dev),
    );
    entries.set(at, {
      change,
      dev,
      needs: order.add(at, change),
      durableAt: durableAt < 0 ? Number.POSITIVE_INFINITY : durableAt,
    });
  }
  return entries;
}

/** What each change needs of those before it. */
class Order {
  readonly #last = new Map<string, number>();
  readonly #inDir = new Map<number, readonly number[]>();

  add(at: number, change: DiskChange): readonly number[] {
    const needs = new Set<number>();
    for (const key of [...toNeeds(change), ...toOwn(change)]) {
      const before = this.#last.get(key);
      if (before !== undefined) needs.add(before);
    }
    for (const dir of toMoved(change)) for (const one of this.#inDir.get(dir) ?? []) needs.add(one);
    for (const key of toOwn(change)) this.#last.set(key, at);
    for (const dir of toDirs(change)) this.#inDir.set(dir, [...(this.#inDir.get(dir) ?? []), at]);
    return [...needs];
  }
}

/** Directories that are moved or go: what was done in them comes first. */
function toMoved(change: DiskChange): readonly number[] {
  if (change.kind === "unlink") return [change.ino];
  if (change.kind !== "rename") return [];
  return change.exchanged === undefined ? [change.ino] : [change.ino, change.exchanged];
}

function toDirs(change: DiskChange): readonly number[] {
  if (!("dir" in change)) return [];
  return change.kind === "rename" ? [change.dir, change.to.dir] : [change.dir];
}

/** What must be there: the inodes it is done to, and the directories where they were put. */
function toNeeds(change: DiskChange): readonly string[] {
  switch (change.kind) {
    case "make":
      return [`place ${change.dir}`];
    case "link":
      return [`made ${change.ino}`, `place ${change.dir}`];
    case "rename":
      return [
        `made ${change.ino}`,
        `made ${change.exchanged}`,
        `place ${change.dir}`,
        `place ${change.to.dir}`,
      ];
    default:
      return [`made ${change.ino}`];
  }
}

/** What a change has in common with others: those come in their order. */
function toOwn(change: DiskChange): readonly string[] {
  switch (change.kind) {
    case "make":
      return [
        `made ${change.inode.ino}`,
        `place ${change.inode.ino}`,
        `name ${change.dir}/${change.name}`,
      ];
    case "link":
    case "unlink":
      return [`name ${change.dir}/${change.name}`];
    case "rename":
      return [
        ...[`place ${change.ino}`, `place ${change.exchanged}`],
        ...[`name ${change.dir}/${change.name}`, `name ${change.to.dir}/${change.to.name}`],
      ];
    case "set":
      return [`metadata ${change.ino}`];
    case "xattr":
      return [`attributes ${change.ino}`];
    case "write":
    case "truncate":
      return [];
  }
}

function covers(barrier: Barrier, change: DiskChange, dev: number): boolean {
  switch (barrier.kind) {
    case "sync-filesystem":
      return barrier.dev === dev;
    case "sync-dir":
      return (
        "dir" in change &&
        (change.dir === barrier.ino || (change.kind === "rename" && change.to.dir === barrier.ino))
      );
    case "sync-file":
      return (
        change.kind !== "make" &&
        change.kind !== "unlink" &&
        change.kind !== "link" &&
        change.kind !== "rename" &&
        change.ino === barrier.ino
      );
  }
}

function isBarrier(entry: DiskChange | Barrier | undefined): entry is Barrier {
  return entry?.kind.startsWith("sync") === true;
}
