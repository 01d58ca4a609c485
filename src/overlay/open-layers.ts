import { chmodSync, chownSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../core/change.js";
import type { SessionId } from "../core/ids.js";
import type { RelPath } from "../core/path.js";
import type { SandboxMount } from "../core/sandbox-spec.js";
import type { Ids } from "../core/host-ids.js";
import { swapIds } from "../core/host-ids.js";
import { makeLayersRoot } from "./layers-root.js";
import type { RootFacts } from "./layers-stamp.js";
import { readRootFacts, writeStamp } from "./layers-stamp.js";

/** What `openLayers` needs to know. */
export interface OpenLayersOptions {
  /** An absolute host path without symlinks, checked by `checkWorkspace`. */
  readonly workspace: string;
  /** Its place among the session's workspaces. */
  readonly index: number;
  /** `$SANDBOX_HOME/sessions/<id>`; it exists, mode 0700. */
  readonly sessionDir: string;
  readonly stateHome: string;
  readonly sessionId: SessionId;
  /** Host ids of the task; never 0. */
  readonly task: Ids;
  readonly controllerIsRoot: boolean;
  readonly workspaceOwner: Ids;
  readonly covered: readonly RelPath[];
}

/**
 * Makes the empty layers of one workspace and the stamp, the last thing before the mount. Nothing is left
 * in the workspace, nothing is synced. On an error nothing is left at all.
 */
export function openLayers(options: OpenLayersOptions): Layers {
  const { root, staging } = makeLayersRoot(options);
  const layers: Layers = {
    lower: options.workspace,
    upper: path.join(root, "upper"),
    work: path.join(root, "work"),
    stamp: path.join(root, "stamp"),
    staging,
    taskUid: options.task.uid,
    taskGid: options.task.gid,
    idmap: toIdmap(options),
    covered: options.covered,
  };
  try {
    const lower = readRootFacts(options.workspace);
    mkdirSync(layers.work, { mode: 0o700 });
    makeUpper(layers, { lower, controllerIsRoot: options.controllerIsRoot });
    writeStamp(layers.stamp, { lower, upper: readRootFacts(layers.upper) });
  } catch (error) {
    rmSync(root, { recursive: true, force: true });
    throw error;
  }
  return layers;
}

/** The mounts that show each workspace at its own host path, a parent before what lies in it. */
export function toOverlayMounts(layers: readonly Layers[]): readonly SandboxMount[] {
  const byDepth = layers.toSorted((a, b) => toDepth(a.lower) - toDepth(b.lower));
  return byDepth.map(({ lower, upper, work, idmap }) => ({
    kind: "overlay",
    target: lower,
    lower,
    upper,
    work,
    idmap,
  }));
}

function toIdmap(options: OpenLayersOptions): Layers["idmap"] {
  const swapped =
    options.controllerIsRoot && options.workspaceOwner.uid === 0 && options.task.uid !== 0;
  return swapped ? "swap-root" : "none";
}

/**
 * The upperdir's mode and owner are what the task sees of the workspace's own directory. A plain user
 * keeps its own ids: a group that is not mapped inside would make the directory read-only there.
 */
function makeUpper(layers: Layers, o: { lower: RootFacts; controllerIsRoot: boolean }): void {
  mkdirSync(layers.upper, { mode: 0o700 });
  if (o.controllerIsRoot) {
    const ids = swapIds(o.lower, layers);
    chownSync(layers.upper, ids.uid, ids.gid);
  }
  chmodSync(layers.upper, o.lower.mode);
}

function toDepth(path: string): number {
  return path.split("/").length;
}
