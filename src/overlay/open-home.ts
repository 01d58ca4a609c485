import { chownSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../core/change.js";
import type { SandboxMount } from "../core/sandbox-spec.js";
import { removeTree } from "../host/remove-tree.js";

/** Where a task's home is made: with the layers of the session's first workspace, so that it goes with them. */
export function toHomeRoot(layers: Pick<Layers, "upper">): string {
  return path.join(path.dirname(layers.upper), "home");
}

/** A home that is being made. */
export interface OpenHome {
  /** The directory to be filled: what the task finds in its home. */
  readonly lower: string;
  /** Makes a directory in it, and those above it; they are the task's. */
  makeDir(relative: string): void;
  /** Gives what was made in it to the task. */
  give(relative: string): void;
  /** What shows it at `target`. Nothing of what the task writes is part of a changeset. */
  toMount(target: string): SandboxMount;
  /** What shows the host's directory `lower` at `target`; the task's writes go to a layer of their own. */
  addCache(lower: string, target: string): SandboxMount;
}

/** Makes an empty home beside `layers`; that of an earlier task of the session goes. */
export function openHome(
  layers: Layers,
  options: { readonly controllerIsRoot: boolean },
): OpenHome {
  const root = toHomeRoot(layers);
  removeHome(layers);
  makeParts(root, ["", "lower", "upper", "work"]);
  const lower = path.join(root, "lower");
  const own = (file: string): void => {
    if (options.controllerIsRoot) chownSync(file, layers.taskUid, layers.taskGid);
  };
  own(lower);
  own(path.join(root, "upper"));
  const give = (relative: string): void => own(path.join(lower, relative));
  return {
    lower,
    give,
    makeDir: (relative) => {
      const parts = relative.split("/");
      for (const [index] of parts.entries()) {
        const dir = parts.slice(0, index + 1).join("/");
        if (lstatSync(path.join(lower, dir), { throwIfNoEntry: false }) !== undefined) continue;
        mkdirSync(path.join(lower, dir), { mode: 0o700 });
        give(dir);
      }
    },
    toMount: (target) => toOverlay(root, { target, lower, idmap: "none" }),
    addCache: (cache, target) => {
      const place = path.join(root, `cache-${readdirSync(root).length}`);
      makeParts(place, ["", "upper", "work"]);
      own(path.join(place, "upper"));
      const isRoots = options.controllerIsRoot && lstatSync(cache).uid === 0;
      return toOverlay(place, { target, lower: cache, idmap: isRoots ? "swap-root" : "none" });
    },
  };
}

/** Removes what `openHome` made, after the task has ended. */
export function removeHome(layers: Layers): void {
  removeTree(toHomeRoot(layers));
}

function makeParts(root: string, parts: readonly string[]): void {
  for (const part of parts) mkdirSync(path.join(root, part), { mode: 0o700 });
}

function toOverlay(
  place: string,
  {
    target,
    lower,
    idmap,
  }: { readonly target: string; readonly lower: string; readonly idmap: "none" | "swap-root" },
): SandboxMount {
  const [upper, work] = [path.join(place, "upper"), path.join(place, "work")];
  return { kind: "overlay", target, lower, upper, work, idmap };
}
