import { isSandboxError, SandboxError } from "../../core/error.js";
import type { Engine } from "../engine.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import { toHomeLabel } from "./labels.js";
import { listContainers } from "./list-ours.js";
import type { Daemon } from "./open-daemon.js";
import { findLayers } from "./open-layers.js";
import { removeContainer } from "./remove-container.js";

type LeftSandbox = Parameters<Engine["settle"]>[0];

/** Ends and removes the containers of a dead controller's sandbox, and makes its layers readable. See `Engine.settle`. */
export async function settleContainers(
  connect: () => Promise<Daemon>,
  options: DockerEngineOptions,
  { spec, sandboxId, scratchDir }: LeftSandbox,
): Promise<void> {
  const home = toHomeLabel(options.stateHome);
  try {
    const daemon = await connect();
    // Helpers last: one of them keeps the volumes from being taken for unused.
    const containers = await listContainers(daemon, { home, sandboxId });
    for (const { id, kind } of containers) if (kind === "task") await removeContainer(daemon, id);
    const ownership = { home, sandboxId, owner: options.owner };
    const layers = await findLayers({
      daemon,
      spec,
      ownership,
      scratchDir,
      cacheDir: options.cacheDir,
    });
    await layers?.bringBack();
    await layers?.remove();
    for (const { id, kind } of containers) if (kind !== "task") await removeContainer(daemon, id);
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    throw new SandboxError(
      "busy",
      `the sandbox of ${sandboxId} cannot be ended: ${error.message}`,
      {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      },
    );
  }
}
