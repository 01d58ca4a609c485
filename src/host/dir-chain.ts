import { chmodSync, closeSync, fstatSync } from "node:fs";
import { openDir, openDirAt } from "./dir-handle.js";

/** A directory of a walk: its name in its parent. The root has no parent and depth 0. */
export interface ChainNode {
  readonly parent: ChainNode | undefined;
  readonly name: string;
  readonly depth: number;
}

/** Descriptors held at once; a deeper directory closes the outermost, which are opened again when they are needed. */
const MOST_OPEN = 200;
const ALL_OF_OWNER = 0o700;

interface OpenDir {
  readonly node: ChainNode;
  readonly fd: number;
  /** The mode to give back when it is closed. */
  readonly restore?: number;
}

/**
 * The directories from the root of one tree down to where a depth-first walk is, each opened below its parent
 * without following a link: no path grows with the depth, and a swapped parent does not redirect the walk.
 */
export class DirChain implements Disposable {
  readonly #open: OpenDir[];
  readonly #unlock: boolean;

  /**
   * `unlock`: give the owner's rights to a directory of ours that withholds them (a task may `chmod 000`), for
   * as long as it is open. Only for layers, never for a workspace.
   */
  constructor(root: string, options: { readonly node: ChainNode; readonly unlock: boolean }) {
    this.#unlock = options.unlock;
    this.#open = [this.#hold(options.node, openDir(root))];
  }

  /** A descriptor of `node`'s directory, good until the next call; undefined where it is none any more. */
  fdOf(node: ChainNode): number | undefined {
    this.#closeUnless((open) => open.node === node || open.node.depth < node.depth);
    const missing: ChainNode[] = [];
    for (let at: ChainNode | undefined = node; at !== this.#last().node; at = at.parent) {
      if (at === undefined) throw new Error("the walk left its tree");
      missing.push(at);
    }
    for (const at of missing.reverse()) {
      const fd = openDirAt(this.#last().fd, at.name);
      if (fd === undefined) return undefined;
      this.#open.push(this.#hold(at, fd));
      if (this.#open.length > MOST_OPEN) this.#open.splice(1, 1).forEach(release);
    }
    return this.#last().fd;
  }

  [Symbol.dispose](): void {
    this.#open.splice(0).reverse().forEach(release);
  }

  #last(): OpenDir {
    const last = this.#open.at(-1);
    if (last === undefined) throw new Error("the walk has ended");
    return last;
  }

  #closeUnless(keep: (open: OpenDir) => boolean): void {
    while (this.#open.length > 1 && !keep(this.#last())) this.#open.splice(-1).forEach(release);
  }

  #hold(node: ChainNode, fd: number): OpenDir {
    if (!this.#unlock || process.getuid?.() === 0) return { node, fd };
    const stats = fstatSync(fd);
    const mode = stats.mode & 0o7777;
    const locked = (mode & ALL_OF_OWNER) !== ALL_OF_OWNER;
    if (!locked || stats.uid !== process.getuid?.()) return { node, fd };
    chmodSync(toMagicLink(fd), mode | ALL_OF_OWNER);
    return { node, fd, restore: mode };
  }
}

function release(open: OpenDir): void {
  if (open.restore !== undefined) chmodSync(toMagicLink(open.fd), open.restore);
  closeSync(open.fd);
}

/** fchmod(2) refuses a descriptor that is only a place; its link in /proc does not. */
function toMagicLink(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
