import type { Layers } from "../core/change.js";
import type { RelPath } from "../core/path.js";
import { encodeName, joinPath } from "../core/path.js";
import type { FileStat } from "../host/confined-stat.js";
import { readDirAt } from "../host/dir-handle.js";
import { DirChain } from "../host/dir-chain.js";
import { AT_FDCWD, type Native } from "../host/native.js";
import type { DirNode } from "./dir-node.js";
import { toRootNode } from "./dir-node.js";

/**
 * Paths of the upperdir that were altered at or after `sealedNs`, a moment of `readClock`, by their ctime,
 * which only the kernel sets. A name that was removed or added shows in its directory. Content is not read.
 */
export function findAltered(
  layers: Layers,
  sealed: { readonly sealedNs: string; readonly native: Pick<Native, "statAt"> },
): readonly RelPath[] {
  const root = toRootNode({ nearestTouched: false });
  const altered: RelPath[] = [];
  using chain = new DirChain(layers.upper, { node: root, unlock: false });
  if (isAltered(sealed.native.statAt(AT_FDCWD, layers.upper), sealed.sealedNs))
    altered.push(root.path);
  const pending: DirNode[] = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const dirFd = chain.fdOf(node);
    if (dirFd === undefined) altered.push(node.path);
    else visit(node, { ...sealed, dirFd, altered, pending });
  }
  return altered.sort();
}

function visit(
  node: DirNode,
  o: {
    readonly sealedNs: string;
    readonly native: Pick<Native, "statAt">;
    readonly dirFd: number;
    readonly altered: RelPath[];
    readonly pending: DirNode[];
  },
): void {
  for (const name of readDirAt(o.dirFd)) {
    const stat = o.native.statAt(o.dirFd, name.isWellFormed() ? name : encodeName(name));
    if (isAltered(stat, o.sealedNs)) o.altered.push(joinPath(node.path, name));
    if (stat?.type !== "dir") continue;
    const path = joinPath(node.path, name);
    o.pending.push({ ...node, parent: node, name, depth: node.depth + 1, path });
  }
}

/** Both are decimal numbers without a sign, so that of the same length the text compares as they do. */
function isAltered(stat: FileStat | undefined, sealedNs: string): boolean {
  if (stat === undefined) return true;
  const { ctimeNs } = stat;
  if (ctimeNs.length === sealedNs.length) return ctimeNs >= sealedNs;
  return BigInt(ctimeNs) >= BigInt(sealedNs);
}
