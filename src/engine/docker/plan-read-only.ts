import { readdirSync, realpathSync, statSync } from "node:fs";
import { hasErrno, SandboxError } from "../../core/error.js";
import { mountsBelow, readMountInfo } from "../../host/mountinfo.js";
import type { ContainerMount } from "./container-layers.js";
import { toHarmlessPath } from "./harmless-path.js";

/** What all our overlays have (design.md 3). */
export const OVERLAY_OPTIONS = "redirect_dir=nofollow,metacopy=off,index=off,xino=off";

/** What overlays of one directory need. */
export interface MountPlaces {
  /** An empty directory: the second lower layer that such an overlay must have. */
  readonly empty: string;
  /** An empty directory that nobody may enter or read. */
  readonly closed: string;
  /** Where links to paths with odd characters are made. */
  readonly links: string;
}

/**
 * Shows `source` readable only at `target`: a directory as an overlay without an upper directory, so that sockets and FIFOs
 * that live in it are not reached that way; a file by a bind. What is mounted below a directory is shown too.
 */
export function planReadOnly(
  source: string,
  target: string,
  places: MountPlaces,
): readonly ContainerMount[] {
  refuseLinks(source, "show");
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return [{ type: "bind", source, target, readOnly: true }];
  if (stats?.isDirectory() !== true)
    throw new SandboxError(
      "sandbox-unavailable",
      `cannot show ${source}: ${stats === undefined ? "it does not exist" : "it is neither a directory nor a file"}`,
    );
  const below = mountsBelow(source, readMountInfo()).map(({ mountPoint }) => mountPoint);
  return [
    toOverlay(source, target, places),
    ...below.flatMap((mount) => planBelow(mount, { source, target, places })),
  ];
}

/**
 * Throws `sandbox-unavailable` where `file` is not there, or is or goes through a symbolic link: what was checked by its name
 * must be what is mounted.
 */
export function refuseLinks(file: string, doing: "show" | "hide"): void {
  try {
    if (realpathSync(file) === file) return;
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    throw new SandboxError("sandbox-unavailable", `cannot ${doing} ${file}: it does not exist`, {
      cause: error,
    });
  }
  throw new SandboxError(
    "sandbox-unavailable",
    `cannot ${doing} ${file}: it is or goes through a symbolic link`,
  );
}

/** An empty, unreadable directory: a tmpfs would get the mode of what it covers (runc). */
export function planClosed(target: string, { closed, empty }: MountPlaces): ContainerMount {
  const options = `ro,nosuid,nodev,noexec,lowerdir=${closed}:${empty},${OVERLAY_OPTIONS}`;
  return { type: "volume", target, readOnly: true, overlay: options };
}

function planBelow(
  mount: string,
  {
    source,
    target,
    places,
  }: { readonly source: string; readonly target: string; readonly places: MountPlaces },
): readonly ContainerMount[] {
  const at = `${target}${mount.slice(source.length)}`;
  const stats = statSync(mount, { throwIfNoEntry: false });
  if (stats?.isFile() === true)
    return [{ type: "bind", source: mount, target: at, readOnly: true }];
  // What nobody has put anything in is as empty without it.
  if (stats?.isDirectory() !== true || isEmpty(mount)) return [];
  return [toOverlay(mount, at, places)];
}

function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch {
    return true;
  }
}

function toOverlay(source: string, target: string, { empty, links }: MountPlaces): ContainerMount {
  return {
    type: "volume",
    target,
    readOnly: true,
    overlay: `ro,nosuid,nodev,lowerdir=${toHarmlessPath(source, links)}:${empty},${OVERLAY_OPTIONS}`,
  };
}
