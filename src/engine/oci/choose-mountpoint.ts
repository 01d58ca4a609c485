import { existsSync, mkdirSync, rmdirSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../../core/error.js";
import type { SandboxMount } from "../../core/sandbox-spec.js";

/** Where the stage mounts its tmpfs, in its own mount namespace: on disk it stays an empty directory. */
export interface Mountpoint {
  readonly path: string;
  /** Removes what was made for it. */
  remove(): void;
}

/** Directories that a system has, that all may pass through, and that few tasks need anything of. */
const PLACES = ["/srv", "/media", "/mnt", "/boot", "/home"];

/**
 * A directory of the system whose whole path others may pass through (runc's first process is no root on the host) and in
 * which none of `needed` lies, since the tmpfs covers it; where there is none, one in `scratchDir`.
 */
export function chooseMountpoint(needed: readonly string[], scratchDir: string): Mountpoint {
  const place = PLACES.find(
    (one) => existsSync(one) && !needed.some((file) => `${file}/`.startsWith(`${one}/`)),
  );
  if (place !== undefined) return { path: place, remove: () => {} };
  const mountpoint = path.join(scratchDir, "stage");
  mkdirSync(mountpoint, { recursive: true, mode: 0o700 });
  return { path: mountpoint, remove: () => removeDirectory(mountpoint) };
}

/** What `mounts` take from the host. */
export function toSources(mounts: readonly SandboxMount[]): readonly string[] {
  return mounts.flatMap(toSource);
}

function toSource(mount: SandboxMount): readonly string[] {
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
