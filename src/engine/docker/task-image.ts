import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { toContentId } from "./content-id.js";
import { importImage } from "./import-image.js";
import { initEntries, initKey, type TaskImage } from "./init-bundle.js";
import { toSharedLabels } from "./labels.js";
import type { World } from "./plan-world.js";

/** The root filesystem of a sandbox without `--image`, but for the directories that are mounted over it. */
function toRootImage(world: World): TaskImage {
  const name = `sandbox-root:${toContentId([...initKey(), world.key])}`;
  return {
    name,
    make: (daemon, { home }) =>
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

/** As the task's `spec` asks. */
export async function toTaskImage(spec: SandboxSpec, world: World | undefined): Promise<TaskImage> {
  if (world !== undefined) return toRootImage(world);
  const { toDerivedImage } = await import("./derived-image.js");
  return toDerivedImage(spec);
}
