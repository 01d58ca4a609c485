import type { Layers } from "../core/change.js";
import type { FileHasher } from "../host/hash-file.js";
import type { Native } from "../host/native.js";
import type { CoveredPaths } from "./covered-paths.js";
import type { HostTouch } from "./host-touch.js";

/** What a walk of one workspace's layers works with. */
export interface WalkContext {
  /** Index of the workspace in the session. */
  readonly workspace: number;
  readonly layers: Layers;
  readonly native: Native;
  readonly hasher: FileHasher;
  readonly touch: HostTouch;
  readonly covered: CoveredPaths;
  /** Called for every path that is looked at. */
  readonly onEntry: () => void;
}
