import path from "node:path";
import type { SandboxMount } from "../../core/sandbox-spec.js";
import { hasErrno } from "../../core/error.js";
import { removeTree } from "../../host/remove-tree.js";
import type { ContainerLayers, ContainerMount, OpenLayersInput } from "./container-layers.js";
import { toExecOption } from "./exec-option.js";
import { toHarmlessPath } from "./harmless-path.js";
import { OVERLAY_OPTIONS } from "./plan-read-only.js";
import { runHelper } from "./run-helper.js";

type OverlayMount = Extract<SandboxMount, { readonly kind: "overlay" }>;

/** Layers that the daemon mounts where they are: it sees the same filesystem as we do. */
export function openMountedLayers(input: OpenLayersInput): ContainerLayers {
  const overlays = input.spec.mounts.filter((mount) => mount.kind === "overlay");
  const links = path.join(input.cacheDir, "paths");
  return {
    mounts: overlays.map((mount) => toMount(mount, links, toExecOption(input.spec))),
    bringBack: () => sealWork(input, overlays),
    makeRemovable: () => sealWork(input, overlays),
    // The volumes are anonymous: they go with their container.
    remove: async () => {},
  };
}

function toMount(
  { target, lower, upper, work }: OverlayMount,
  links: string,
  exec: string,
): ContainerMount {
  const [from, to, by] = [lower, upper, work].map((file) => toHarmlessPath(file, links));
  return {
    type: "volume",
    target,
    readOnly: false,
    overlay: `nosuid,nodev,${exec},lowerdir=${from},upperdir=${to},workdir=${by},userxattr,${OVERLAY_OPTIONS},volatile`,
  };
}

/**
 * What the daemon left in a work directory is root's, and a user cannot remove it. Root's own controller does that itself,
 * when it seals the layers.
 */
async function sealWork(input: OpenLayersInput, overlays: readonly OverlayMount[]): Promise<void> {
  const left = overlays.map(({ work }) => work).filter((work) => !tryEmpty(work));
  if (left.length === 0) return;
  await runHelper({
    daemon: input.daemon,
    ownership: input.ownership,
    argv: ["seal", ...left.map((_, index) => `/mnt/${index}`)],
    mounts: left.map((source, index) => ({
      type: "bind",
      source,
      target: `/mnt/${index}`,
      readOnly: false,
    })),
  });
}

/** True where the caller can do it: the mark of a volatile mount stays until the layers are sealed, if it is root. */
function tryEmpty(work: string): boolean {
  if (process.getuid?.() === 0) return true;
  try {
    removeTree(path.join(work, "work"));
    return true;
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) return false;
    throw error;
  }
}
