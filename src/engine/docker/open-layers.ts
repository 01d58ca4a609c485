import { SandboxError } from "../../core/error.js";
import { readCarried } from "./carried-record.js";
import type { ContainerLayers, OpenLayersInput } from "./container-layers.js";
import { refuseCarrying } from "./refuse-unfit.js";

/** The layers of a sandbox: where they are, or carried to a daemon that cannot see or cannot map them. */
export async function openLayers(input: OpenLayersInput): Promise<ContainerLayers> {
  const isSeen = await isVisible(input);
  if (isSeen && !isMapped(input)) {
    const { openMountedLayers } = await import("./open-mounted-layers.js");
    return openMountedLayers(input);
  }
  if (!isSeen && input.spec.image === undefined)
    throw new SandboxError(
      "sandbox-unavailable",
      `the daemon at ${input.daemon.address} sees nothing of this machine: it needs an image`,
      { hint: "name one that it has, or can pull: --image debian:12" },
    );
  await refuseCarrying(input.daemon);
  const { openCarriedLayers } = await import("./open-carried-layers.js");
  return openCarriedLayers(input, { carries: isSeen ? "overlays" : "everything" });
}

/** The layers of a sandbox whose controller died, as far as there are any; to bring them back and remove them. */
export async function findLayers(
  input: OpenLayersInput,
): Promise<Pick<ContainerLayers, "bringBack" | "makeRemovable" | "remove"> | undefined> {
  const { findCarriedLayers } = await import("./carried-layers.js");
  const carried = await findCarriedLayers(input);
  if (carried !== undefined) return carried;
  if (!isOnThisMachine(input) || isMapped(input)) return undefined;
  const { openMountedLayers } = await import("./open-mounted-layers.js");
  return openMountedLayers(input);
}

/** Whether a container may have the layers themselves; else it has copies of them. Asks no daemon. */
export function mayBeMounted(
  daemon: { readonly address: string },
  { spec, scratchDir }: Pick<OpenLayersInput, "spec" | "scratchDir">,
): boolean {
  return (
    isOnThisMachine({ daemon }) && !isMapped({ spec }) && readCarried(scratchDir) === undefined
  );
}

/** Whether the daemon sees the layers, and what is beside them, as this machine does. */
export async function isVisible(input: OpenLayersInput): Promise<boolean> {
  if (!isOnThisMachine(input)) return false;
  const { probeVisibility } = await import("./probe-visibility.js");
  return probeVisibility(input);
}

/** Whether it may be: only trying says whether it sees the same files. */
function isOnThisMachine({ daemon }: { readonly daemon: { readonly address: string } }): boolean {
  return daemon.address.startsWith("unix://");
}

/** Docker has no idmapped mounts. */
function isMapped({ spec }: Pick<OpenLayersInput, "spec">): boolean {
  return spec.mounts.some((mount) => mount.kind === "overlay" && mount.idmap !== "none");
}
