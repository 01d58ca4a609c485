import { isSandboxError, SandboxError } from "../../core/error.js";
import type { Engine, Leftover } from "../engine.js";
import type { ContainerLayers } from "./container-layers.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import { toHomeLabel } from "./labels.js";
import { listContainers } from "./list-ours.js";
import type { Daemon } from "./open-daemon.js";
import { findLayers, mayBeMounted } from "./open-layers.js";
import { removeContainer } from "./remove-container.js";

type LeftSandbox = Parameters<Engine["settle"]>[0];
type LeftLayers = Pick<ContainerLayers, "bringBack" | "makeRemovable">;

/** Ends and removes the containers of a dead controller's sandbox, and makes its layers readable. See `Engine.settle`. */
export function settleContainers(
  connect: () => Promise<Daemon>,
  options: DockerEngineOptions,
  left: LeftSandbox,
): Promise<void> {
  return endContainers(connect, options, { left, treat: (layers) => layers.bringBack() });
}

/** The same without bringing anything back. See `Engine.abandon`. */
export async function abandonContainers(
  connect: () => Promise<Daemon>,
  options: DockerEngineOptions,
  left: LeftSandbox,
): Promise<Leftover | undefined> {
  try {
    await endContainers(connect, options, { left, treat: (layers) => layers.makeRemovable() });
    return undefined;
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    const { address } = options.daemon;
    return { reason: error.message, isWriting: mayBeMounted({ address }, left) };
  }
}

async function endContainers(
  connect: () => Promise<Daemon>,
  options: DockerEngineOptions,
  o: { readonly left: LeftSandbox; readonly treat: (layers: LeftLayers) => Promise<void> },
): Promise<void> {
  const { spec, sandboxId, scratchDir } = o.left;
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
    if (layers !== undefined) await o.treat(layers);
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
