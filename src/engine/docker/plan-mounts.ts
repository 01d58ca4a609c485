import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";
import { writeFileAtomic } from "../../host/atomic-file.js";
import { SandboxError } from "../../core/error.js";
import type { SandboxMount, SandboxSpec } from "../../core/sandbox-spec.js";
import { isInside } from "../../core/system-path.js";
import { toNetworkFiles } from "../oci/to-base-steps.js";
import type { ContainerMount } from "./container-layers.js";
import { toExecOption } from "./exec-option.js";
import { toHarmlessPath } from "./harmless-path.js";
import { type MountPlaces, planClosed, planReadOnly, refuseLinks } from "./plan-read-only.js";

/** The runtime mounts its own things there, over whatever else there is. */
const TAKEN = /^\/((proc|dev|sys)(\/.*)?)?$/;

/** Makes the places that mounts need, in `cacheDir`. */
export function openPlaces(cacheDir: string): MountPlaces {
  const links = path.join(cacheDir, "paths");
  const empty = path.join(cacheDir, "empty");
  mkdirSync(empty, { recursive: true, mode: 0o700 });
  const closed = path.join(cacheDir, "closed");
  if (!existsSync(closed)) mkdirSync(closed, { mode: 0o000 });
  return {
    links,
    empty: toHarmlessPath(empty, links),
    closed: toHarmlessPath(closed, links),
  };
}

/** `/etc/hosts` and `/etc/resolv.conf`, which Docker covers with empty files of its own. The daemon must see `cacheDir`. */
export function planHosts(spec: SandboxSpec, cacheDir: string): readonly ContainerMount[] {
  return toNetworkFiles(spec).flatMap(([, target, text]) => {
    const name = path.basename(String(target));
    if (name === "hostname" || text === "") return [];
    const source = path.join(
      cacheDir,
      `${name}-${name === "hosts" ? spec.hostname : spec.network}`,
    );
    if (!existsSync(source)) writeFileAtomic(source, String(text), { mode: 0o644, sync: false });
    return [{ type: "bind", source, target: String(target), readOnly: true }];
  });
}

/** Throws `usage` for what cannot be mounted over: before anything is carried for it. */
export function refuseTaken({ mounts }: SandboxSpec): void {
  const taken = mounts.find(({ target }) => TAKEN.test(target));
  if (taken === undefined) return;
  throw new SandboxError("usage", `nothing can be mounted at ${taken.target} in a sandbox`);
}

/** The mounts of a spec besides its overlays, and the task's home. Throws `usage` for what cannot be mounted over. */
export function planMounts(
  spec: SandboxSpec,
  { cacheDir, places }: { readonly cacheDir: string; readonly places: MountPlaces },
): readonly ContainerMount[] {
  refuseTaken(spec);
  const options = `nosuid,nodev,${toExecOption(spec)},mode=0700,uid=${spec.uid},gid=${spec.gid},size=25%`;
  const nothing = path.join(cacheDir, "nothing");
  const hasHome = spec.mounts.some(({ target }) => target === spec.home);
  return [
    // Docker takes one mount for each place.
    ...(hasHome ? [] : [{ type: "tmpfs", target: spec.home, options } as const]),
    ...spec.mounts.flatMap((mount) => toMounts(mount, { nothing, places, mounts: spec.mounts })),
  ];
}

function toMounts(
  mount: SandboxMount,
  {
    nothing,
    places,
    mounts,
  }: {
    readonly nothing: string;
    readonly places: MountPlaces;
    readonly mounts: readonly SandboxMount[];
  },
): readonly ContainerMount[] {
  switch (mount.kind) {
    case "overlay":
      return [];
    case "readonly":
      return planReadOnly(mount.source, mount.target, places);
    case "hidden":
      refuseLinks(toHostPath(mount.target, mounts), "hide");
      return [toHidden(mount, { nothing, places })];
  }
}

/** What lies at `target` inside, on the host. */
function toHostPath(target: string, mounts: readonly SandboxMount[]): string {
  const holder = mounts
    .filter((mount) => mount.kind !== "hidden" && isInside(target, mount.target))
    .toSorted((a, b) => b.target.length - a.target.length)[0];
  if (holder === undefined || holder.kind === "hidden") return target;
  const top = holder.kind === "overlay" ? holder.lower : holder.source;
  return `${top}${target.slice(holder.target.length)}`;
}

function toHidden(
  { target, type }: Extract<SandboxMount, { readonly kind: "hidden" }>,
  { nothing, places }: { readonly nothing: string; readonly places: MountPlaces },
): ContainerMount {
  if (type === "dir") return planClosed(target, places);
  // An empty file that nobody may read.
  if (!existsSync(nothing)) closeSync(openSync(nothing, "a", 0));
  return { type: "bind", source: nothing, target, readOnly: true };
}
