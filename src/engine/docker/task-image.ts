import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { toContentId } from "./content-id.js";
import { importImage } from "./import-image.js";
import { initEntries, initKey } from "./init-bundle.js";
import { toSharedLabels } from "./labels.js";
import type { OwnImage } from "./own-images.js";
import type { World } from "./plan-world.js";

/** The root filesystem of a sandbox without `--image`, but for the directories that are mounted over it. */
function toRootImage(world: World, home: string): OwnImage {
  const name = `sandbox-root:${toContentId([home, ...initKey(), world.key])}`;
  return {
    name,
    make: (daemon) =>
      importImage(daemon, {
        name,
        labels: toSharedLabels(home, "root", name),
        entries: [
          ...world.toEntries(),
          ...["sys", "home"].map((path) => ({ type: "directory", path }) as const),
          ...initEntries(),
        ],
      }),
  };
}

/** As the task's `spec` asks, for one state directory (`toHomeLabel`). */
export async function toTaskImage(
  spec: SandboxSpec,
  { world, home }: { readonly world: World | undefined; readonly home: string },
): Promise<OwnImage> {
  if (world !== undefined) return toRootImage(world, home);
  const { toDerivedImage } = await import("./derived-image.js");
  return toDerivedImage(spec, home);
}
