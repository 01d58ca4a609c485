import { lstatSync, readdirSync, statfsSync } from "node:fs";
import path from "node:path";

/** What `watchUppers` needs. */
export interface WatchUppersInput {
  readonly uppers: readonly string[];
  /** Bytes they may hold together; absent: only the reserve counts. */
  readonly maximum: number | undefined;
  /** Told once, why the task must end. */
  readonly onExceeded: (reason: string) => void;
}

const INTERVAL_MS = 250;
/** What others free may hide what a task takes: so often it is walked in any case. */
const WALK_MS = 2000;
/** What an entry counts besides its blocks: its inode. Empty files are not for nothing. */
const INODE_BYTES = 512;
/** Part of a filesystem's blocks and of its inodes that a task must leave. */
export const RESERVE = 0.05;
/** A walk may take this part of the time: its next one waits so much longer. */
const WALK_SHARE = 0.1;

/**
 * Watches the filesystems of the upperdirs while a task runs: too little free space or too few free inodes there, or too
 * many bytes and entries in the upperdirs, end the task. They are walked when what is free has moved by enough to matter, and now and then.
 */
export function watchUppers(input: WatchUppersInput): Disposable {
  const watcher = new UpperWatcher(input);
  const timer = setInterval(() => watcher.look(), INTERVAL_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

class UpperWatcher {
  readonly #input: WatchUppersInput;
  #freeAtWalk: number | undefined;
  #held = 0;
  #nextWalk = 0;
  #mustWalk = 0;
  #told = false;

  constructor(input: WatchUppersInput) {
    this.#input = input;
  }

  look(): void {
    if (this.#told) return;
    const reason = this.#findLowReserve() ?? this.#findExcess();
    if (reason === undefined) return;
    this.#told = true;
    this.#input.onExceeded(reason);
  }

  #findLowReserve(): string | undefined {
    for (const upper of this.#input.uppers) {
      const { blocks, bavail, files, ffree } = statfsSync(upper);
      if (blocks > 0 && bavail < blocks * RESERVE)
        return `less than 5 % of the space on the filesystem of ${upper} is free`;
      if (files > 0 && ffree < files * RESERVE)
        return `less than 5 % of the inodes on the filesystem of ${upper} are free`;
    }
    return undefined;
  }

  /** Others may write there too: free space says only when a walk is worth its while. */
  #findExcess(): string | undefined {
    const { maximum, uppers } = this.#input;
    const now = performance.now();
    if (maximum === undefined || now < this.#nextWalk) return undefined;
    const free = uppers.reduce((sum, upper) => sum + freeBytes(upper), 0);
    const moved = (this.#freeAtWalk ?? Number.POSITIVE_INFINITY) - free;
    const isSmall = this.#held + moved <= maximum && moved < maximum / 8;
    if (this.#freeAtWalk !== undefined && isSmall && now < this.#mustWalk) return undefined;
    this.#freeAtWalk = free;
    this.#held = uppers.reduce((sum, upper) => sum + heldBytes(upper), 0);
    this.#nextWalk = performance.now() + (performance.now() - now) / WALK_SHARE;
    this.#mustWalk = this.#nextWalk + WALK_MS;
    return this.#held > maximum
      ? `the changes hold ${toMiB(this.#held)}, over the limit of ${toMiB(maximum)}`
      : undefined;
  }
}

function freeBytes(directory: string): number {
  const { bsize, bfree, ffree } = statfsSync(directory);
  return bsize * bfree + INODE_BYTES * ffree;
}

/** Bytes that the entries below `directory` take on disk. What vanishes meanwhile counts nothing. */
function heldBytes(directory: string): number {
  let bytes = 0;
  const pending = [directory];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readEntries(at)) {
      const file = path.join(at, entry.name);
      if (entry.isDirectory()) pending.push(file);
      bytes += INODE_BYTES + 512 * (lstatSync(file, { throwIfNoEntry: false })?.blocks ?? 0);
    }
  }
  return bytes;
}

function readEntries(directory: string): ReturnType<typeof readDirectory> {
  try {
    return readDirectory(directory);
  } catch {
    return [];
  }
}

function readDirectory(directory: string) {
  return readdirSync(directory, { withFileTypes: true });
}

function toMiB(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
