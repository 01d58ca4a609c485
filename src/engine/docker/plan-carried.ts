import { lstatSync } from "node:fs";
import path from "node:path";
import type { IdMapping } from "../../core/host-ids.js";
import { parseRelPath, type RelPath } from "../../core/path.js";
import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { isInside } from "../../core/system-path.js";
import type { Native } from "../../host/native.js";
import { refuseTaken } from "./plan-mounts.js";
import { refuseLinks } from "./plan-read-only.js";
import type { TreeTarOptions } from "./write-tree-tar.js";

type Overlay = Extract<SandboxMount, { kind: "overlay" }>;
type ReadOnly = Extract<SandboxMount, { kind: "readonly" }>;

/** A mount whose tree is carried. */
export interface CarriedMount {
  readonly mount: Overlay | ReadOnly;
  readonly tree: TreeTarOptions;
  readonly isFile: boolean;
}

/** An overlay whose upperdir is carried, both ways. Its place among the overlays names its directory on the daemon. */
export interface CarriedUpper {
  readonly mount: Overlay;
  readonly index: number;
}

/** In a tree's volume, the directory (or file) that is the tree. */
export const TREE_TOP = "t";

/**
 * `overlays`: the daemon sees this machine's files, but Docker has no idmapped mounts. `everything`: it sees none.
 */
export type Carries = "overlays" | "everything";

/**
 * The mounts of `spec` whose trees a daemon needs, parents before children. Throws `usage` for what cannot be mounted over, and
 * `sandbox-unavailable` where what is to be shown or hidden is not there or lies behind a symbolic link.
 */
export function planCarried(
  spec: SandboxSpec,
  o: { readonly native: Native; readonly carries: Carries },
): readonly CarriedMount[] {
  const { native, carries } = o;
  refuseTaken(spec);
  if (carries === "everything") refuseAllLinks(spec);
  return spec.mounts.flatMap((mount): readonly CarriedMount[] => {
    if (mount.kind === "hidden") return [];
    if (mount.kind === "readonly" && carries === "overlays") return [];
    const root = mount.kind === "overlay" ? mount.lower : mount.source;
    const covered = toCovered(spec, mount);
    const tree = { root, top: TREE_TOP, covered, native, mapping: toMapping(spec, mount) };
    return [{ mount, tree, isFile: mount.kind === "readonly" && !lstatSync(root).isDirectory() }];
  });
}

/** Mounted layers are checked where they are mounted. */
function refuseAllLinks({ mounts }: SandboxSpec): void {
  for (const mount of mounts) {
    if (mount.kind === "readonly") refuseLinks(mount.source, "show");
    if (mount.kind === "hidden") refuseLinks(mount.target, "hide");
  }
}

/** The overlays of `spec`. */
export function planUppers(spec: SandboxSpec): readonly CarriedUpper[] {
  return spec.mounts
    .filter((mount) => mount.kind === "overlay")
    .map((mount, index) => ({ mount, index }));
}

/** A workspace of root's is sent as the task's: Docker has no idmapped mounts. */
function toMapping({ uid, gid }: SandboxSpec, mount: Overlay | ReadOnly): IdMapping {
  const idmap = mount.kind === "overlay" ? mount.idmap : "none";
  return { idmap, taskUid: uid, taskGid: gid };
}

/** What is mounted over in a tree: its content is sent with its own mount, or not at all. */
function toCovered(
  { mounts }: SandboxSpec,
  tree: Overlay | ReadOnly,
): ReadonlyMap<RelPath, "dir" | "file"> {
  const covered = new Map<RelPath, "dir" | "file">();
  for (const mount of mounts) {
    if (mount === tree || mount.kind === "overlay") continue;
    if (mount.target === tree.target || !isInside(mount.target, tree.target)) continue;
    const below = parseRelPath(path.relative(tree.target, mount.target));
    covered.set(below, mount.kind === "hidden" ? mount.type : toType(mount.source));
  }
  return covered;
}

function toType(source: string): "dir" | "file" {
  return lstatSync(source).isDirectory() ? "dir" : "file";
}
