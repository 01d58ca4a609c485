import { SandboxError } from "../../core/error.js";
import type { ContainerLayers, OpenLayersInput } from "./container-layers.js";

/** The layers of a sandbox: where they are, or carried to a daemon that cannot see or cannot map them. */
export async function openLayers(input: OpenLayersInput): Promise<ContainerLayers> {
  if (isMountable(input)) {
    const { openMountedLayers } = await import("./open-mounted-layers.js");
    return openMountedLayers(input);
  }
  throw new SandboxError(
    "sandbox-unavailable",
    "the daemon cannot mount these layers, and carrying them is not in this version",
    { hint: "use the oci engine, or a workspace that does not belong to root" },
  );
}

/** Docker has no idmapped mounts, and another machine has other files. */
function isMountable({ daemon, spec }: OpenLayersInput): boolean {
  const isMapped = spec.mounts.some((mount) => mount.kind === "overlay" && mount.idmap !== "none");
  return daemon.address.startsWith("unix://") && !isMapped;
}
