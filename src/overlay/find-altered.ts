import type { BigIntStats } from "node:fs";
import { lstatSync } from "node:fs";
import type { Layers } from "../core/change.js";
import type { RelPath } from "../core/path.js";
import { joinPath } from "../core/path.js";
import { readDirAt, statAt } from "../host/dir-handle.js";
import { DirChain } from "../host/dir-chain.js";
import type { DirNode } from "./dir-node.js";
import { toRootNode } from "./dir-node.js";

/**
 * Paths of the upperdir that were altered at or after `sealedNs`, a moment of `readClock`, by their ctime,
 * which only the kernel sets. A name that was removed or added shows in its directory. Content is not read.
 */
export function findAltered(layers: Layers, sealedNs: bigint): readonly RelPath[] {
  const root = toRootNode({ nearestTouched: false });
  const altered: RelPath[] = [];
  const look = (path: RelPath, stats: BigIntStats | undefined): void => {
    if (stats === undefined || stats.ctimeNs >= sealedNs) altered.push(path);
  };
  using chain = new DirChain(layers.upper, { node: root, unlock: false });
  look(root.path, lstatSync(layers.upper, { bigint: true }));
  const pending: DirNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const dirFd = chain.fdOf(node);
    if (dirFd === undefined) altered.push(node.path);
    else pending.push(...visit(node, { dirFd, look }));
  }
  return altered.sort();
}

function visit(
  node: DirNode,
  o: { dirFd: number; look: (path: RelPath, stats: BigIntStats | undefined) => void },
): readonly DirNode[] {
  return readDirAt(o.dirFd).flatMap((name) => {
    const path = joinPath(node.path, name);
    const stats = statAt(o.dirFd, name);
    o.look(path, stats);
    return stats?.isDirectory() === true
      ? [{ ...node, parent: node, name, depth: node.depth + 1, path }]
      : [];
  });
}
