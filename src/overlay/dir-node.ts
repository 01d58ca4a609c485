import type { RelPath } from "../core/path.js";
import { ROOT_PATH } from "../core/path.js";
import type { ChainNode } from "../host/dir-chain.js";

/** A directory of the walk: on the side of the layers, of the workspace, or both. */
export interface DirNode extends ChainNode {
  readonly parent: DirNode | undefined;
  readonly path: RelPath;
  readonly inUpper: boolean;
  readonly inBase: boolean;
  /** What lies in the base directory and not in the upper one is gone: opaque, replaced or deleted, here or above. */
  readonly hidesBase: boolean;
  /** Why everything below counts as touched by the host. */
  readonly touched?: string;
  /** The nearest directory that exists in the workspace was touched during the run. */
  readonly nearestTouched: boolean;
}

/** The top of a walk. */
export function toRootNode(state: Pick<DirNode, "nearestTouched"> & { touched?: string }): DirNode {
  return {
    parent: undefined,
    name: "",
    depth: 0,
    path: ROOT_PATH,
    inUpper: true,
    inBase: true,
    hidesBase: false,
    ...state,
  };
}
