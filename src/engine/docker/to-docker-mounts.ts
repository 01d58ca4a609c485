import { totalmem } from "node:os";
import type { ContainerMount } from "./container-layers.js";

type VolumeMount = Extract<ContainerMount, { readonly type: "volume" }>;
type BindMount = Extract<ContainerMount, { readonly type: "bind" }>;
type Labels = Readonly<Record<string, string>>;

/** `HostConfig.Mounts` for what is no tmpfs. `labels` are those of volumes that are made on the way. */
export function toDockerMounts(
  mounts: readonly ContainerMount[],
  labels: Labels,
): readonly object[] {
  return mounts.flatMap((mount): readonly object[] => {
    if (mount.type === "tmpfs") return [];
    return [mount.type === "bind" ? toBind(mount) : toVolume(mount, labels)];
  });
}

/** `HostConfig.Tmpfs`: by target, options as mount(8) has them. */
export function toDockerTmpfs(mounts: readonly ContainerMount[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    mounts.flatMap((mount) =>
      mount.type === "tmpfs" ? [[mount.target, toBytes(mount.options)]] : [],
    ),
  );
}

/** gVisor knows no sizes in parts of the memory. */
function toBytes(options: string): string {
  return options.replace(
    /size=(\d+)%/,
    (_, part) => `size=${Math.floor((totalmem() * part) / 100)}`,
  );
}

function toBind({ source, target, readOnly, isInVolume }: BindMount): object {
  return {
    Type: "bind",
    Source: source,
    Target: target,
    ReadOnly: readOnly,
    // Docker takes nothing else for what lies below its own root.
    BindOptions: { Propagation: isInVolume === true ? "rslave" : "rprivate" },
  };
}

function toVolume({ source, target, readOnly, overlay }: VolumeMount, labels: Labels): object {
  return {
    Type: "volume",
    // An anonymous volume must not say so: an overlay without an upper directory is readable only by itself.
    ...(source === undefined ? {} : { Source: source, ReadOnly: readOnly }),
    Target: target,
    VolumeOptions: {
      NoCopy: true,
      Labels: labels,
      ...(overlay === undefined ? {} : { DriverConfig: toOverlayDriver(overlay) }),
    },
  };
}

function toOverlayDriver(options: string): object {
  return { Name: "local", Options: { type: "overlay", device: "overlay", o: options } };
}
