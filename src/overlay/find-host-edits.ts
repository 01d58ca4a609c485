import type { BigIntStats } from "node:fs";
import type { CommittedStamp, Layers } from "../core/change.js";
import { hasErrno } from "../core/error.js";
import { joinPath, type RelPath } from "../core/path.js";
import { DirChain } from "../host/dir-chain.js";
import { readDirAt, statAt } from "../host/dir-handle.js";
import { createCoveredPaths } from "./covered-paths.js";
import { type DirNode, toRootNode } from "./dir-node.js";
import { createHostTouch } from "./host-touch.js";
import { readStamp } from "./layers-stamp.js";

/**
 * The paths of a workspace that the host touched since the stamp, or since `since` (ns), by their ctime; in order. A directory is one where
 * nothing else directly in it was touched: a name in it is gone. What was mounted over and other filesystems below are left out.
 */
export function findHostEdits(
  layers: Layers,
  o: { readonly since: bigint | undefined; readonly committed: readonly CommittedStamp[] },
): readonly RelPath[] {
  const root = toRootNode({ nearestTouched: false });
  const stampNs = o.since ?? readStamp(layers.stamp).ctimeNs;
  const search: Search = {
    touch: createHostTouch({ stampNs, committed: o.committed }),
    covered: createCoveredPaths(layers.covered),
    pending: [root],
    found: [],
  };
  using chain = new DirChain(layers.lower, { node: root, unlock: false });
  const dev = statAt(chain.fdOf(root) ?? -1, ".")?.dev;
  for (let node = search.pending.pop(); node !== undefined; node = search.pending.pop()) {
    const names = listNames(chain, node);
    if (names !== undefined) visit(search, node, { ...names, dev });
  }
  return search.found.sort();
}

interface Search {
  readonly touch: ReturnType<typeof createHostTouch>;
  readonly covered: ReturnType<typeof createCoveredPaths>;
  readonly pending: DirNode[];
  readonly found: RelPath[];
}

/** Undefined where it may not be listed, or is gone: nothing is said of it. */
function listNames(
  chain: DirChain,
  node: DirNode,
): { readonly fd: number; readonly names: readonly string[] } | undefined {
  try {
    const fd = chain.fdOf(node);
    return fd === undefined ? undefined : { fd, names: readDirAt(fd) };
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM", "ENOENT")) return undefined;
    throw error;
  }
}

function visit(
  search: Search,
  node: DirNode,
  dir: {
    readonly fd: number;
    readonly names: readonly string[];
    readonly dev: bigint | undefined;
  },
): void {
  const touched = dir.names.filter((name) => visitName(search, node, { ...dir, name }));
  if (touched.length > 0 || !isTouchedDir(search, node, statAt(dir.fd, "."))) return;
  search.found.push(node.path);
}

/** True where the host touched it. */
function visitName(
  search: Search,
  node: DirNode,
  at: { readonly fd: number; readonly dev: bigint | undefined; readonly name: string },
): boolean {
  const path = joinPath(node.path, at.name);
  const stats = search.covered.covers(path) ? undefined : statAt(at.fd, at.name);
  if (stats === undefined) return false;
  const isTouched = search.touch.isTouched(path, stats);
  if (!stats.isDirectory()) {
    if (isTouched) search.found.push(path);
    return isTouched;
  }
  // Of files an overlay gives other device numbers than of directories.
  if (stats.dev !== at.dev) return false;
  search.pending.push(toChild(node, at.name, path));
  return isTouched;
}

function isTouchedDir(search: Search, { path }: DirNode, stats: BigIntStats | undefined): boolean {
  return stats !== undefined && search.touch.isTouched(path, stats);
}

function toChild(parent: DirNode, name: string, path: RelPath): DirNode {
  return { ...parent, parent, name, depth: parent.depth + 1, path };
}
