import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";

/** Where the stage mounts its tmpfs, in its own mount namespace: on disk it stays an empty directory. */
export interface Mountpoint {
  readonly path: string;
  /** Removes what was made for it. */
  remove(): void;
}

/** Directories that every Debian has, that all may pass through, and that few tasks need anything of. */
const PASSABLE = ["/srv", "/media", "/mnt", "/boot", "/home"];

/** A directory of its own in `scratchDir`. */
export function makeMountpoint(scratchDir: string): Mountpoint {
  const mountpoint = path.join(scratchDir, "stage");
  mkdirSync(mountpoint, { recursive: true, mode: 0o700 });
  return { path: mountpoint, remove: () => removeDirectory(mountpoint) };
}

/**
 * A directory whose whole path others may pass through: runc's first process is no root on the host, and names the bundle
 * by its full path. Nothing that `mounts` take from the host may lie in it, since the tmpfs covers it.
 */
export function choosePassableMountpoint(mounts: readonly SandboxMount[]): Mountpoint {
  const sources = mounts.flatMap(toSources);
  const found = PASSABLE.find(
    (place) => existsSync(place) && !sources.some((source) => `${source}/`.startsWith(`${place}/`)),
  );
  if (found === undefined)
    throw new SandboxError("sandbox-unavailable", "no place for runc's bundle is left", {
      hint: "apt-get install -y --no-install-recommends crun",
    });
  return { path: found, remove: () => {} };
}

function toSources(mount: SandboxMount): readonly string[] {
  switch (mount.kind) {
    case "overlay":
      return [mount.lower, mount.upper, mount.work];
    case "readonly":
      return [mount.source];
    case "hidden":
      return [];
  }
}

function removeDirectory(directory: string): void {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
  }
}
