import { isAlive } from "../../host/process-stamp.js";
import type { Engine } from "../engine.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import { parseOwner, toHomeLabel } from "./labels.js";
import { type LabelledThing, listContainers, listImages, listVolumes } from "./list-ours.js";
import type { Daemon } from "./open-daemon.js";
import { removeContainer } from "./remove-container.js";
import { pruneTrees } from "./tree-cache.js";

type PruneRequest = Parameters<Engine["prune"]>[0];

/**
 * Removes containers and volumes of dead controllers, then images of ours that nothing uses. See `Engine.prune`. A thing
 * whose label does not say who made it is nobody's that lives.
 */
export async function pruneContainers(
  daemon: Daemon,
  options: DockerEngineOptions,
  { isKept, dryRun }: PruneRequest,
): Promise<readonly string[]> {
  const home = toHomeLabel(options.stateHome);
  const isLeft = (thing: LabelledThing): boolean =>
    !isOwned(thing) && (thing.sandboxId === undefined || !isKept(thing.sandboxId));
  const containers = (await listContainers(daemon, { home })).filter(
    (thing) => isOurs(thing) && isLeft(thing),
  );
  if (!dryRun) for (const { id } of containers) await removeContainer(daemon, id);
  const volumes = (await listVolumes(daemon, { home })).filter(
    (one) => isOurVolume(one, home) && isLeft(one),
  );
  const images = (await listImages(daemon, { home })).filter(isOurImage);
  return [
    ...containers.map((one) => toLine("container", one)),
    ...(await removeAll(daemon, "/volumes/", { things: volumes, dryRun })).map((one) =>
      toLine("volume", one),
    ),
    ...(await pruneTrees(daemon, { home, isKept, dryRun })),
    ...(await removeAll(daemon, "/images/", { things: images, dryRun })).map(
      ({ id, content }) => `image ${content ?? id.slice(0, 19)}`,
    ),
  ];
}

/**
 * Ends the tasks that dead controllers left. What their volumes hold stays, and so do the helpers that keep these volumes from
 * being taken for unused.
 */
export async function sweepContainers(daemon: Daemon, home: string): Promise<void> {
  for (const thing of await listContainers(daemon, { home }))
    if (thing.kind === "task" && isOurs(thing) && !isOwned(thing))
      await removeContainer(daemon, thing.id);
}

/** A container that somebody else made of an image of ours has the image's labels, which name no owner. */
function isOurs({ owner }: LabelledThing): boolean {
  return parseOwner(owner ?? "") !== undefined;
}

/** Trees have their own way out (`pruneTrees`). Layers are anonymous or have the name we give: a label alone is not enough. */
function isOurVolume({ id, kind, sandboxId, owner }: LabelledThing, home: string): boolean {
  if (kind !== "layers" || parseOwner(owner ?? "") === undefined) return false;
  return /^[0-9a-f]{64}$/.test(id) || id === `sandbox-layers-${home}-${sandboxId}`;
}

const IMAGE_KINDS: readonly string[] = ["root", "derived", "helper-image"];

/** Whoever builds an image on one of ours has its labels: only a name of ours says that it is not theirs. */
function isOurImage({ kind, content, names }: LabelledThing): boolean {
  if (!IMAGE_KINDS.includes(kind) || content === undefined || names.length === 0) return false;
  // Podman names what is its own `localhost/…`.
  return names.every((name) => name === content || name === `localhost/${content}`);
}

function isOwned({ owner }: LabelledThing): boolean {
  const stamp = parseOwner(owner ?? "");
  return stamp !== undefined && isAlive(stamp);
}

function toLine(what: string, { id, sandboxId }: LabelledThing): string {
  return `${what} ${id.slice(0, 12)} of ${sandboxId ?? "no session"}`;
}

/** Returns what was removed, or would be. */
async function removeAll(
  daemon: Daemon,
  path: string,
  { things, dryRun }: { readonly things: readonly LabelledThing[]; readonly dryRun: boolean },
): Promise<readonly LabelledThing[]> {
  if (dryRun) return things;
  const removed: LabelledThing[] = [];
  for (const thing of things)
    if (await removeThing(daemon, `${path}${thing.id}`)) removed.push(thing);
  return removed;
}

/** False where it is in use (409), or gone already. */
async function removeThing(daemon: Daemon, path: string): Promise<boolean> {
  const answer = await daemon.request({
    method: "DELETE",
    path,
    doing: "remove what is left",
    tolerate: [404, 409],
  });
  return answer !== undefined && answer !== null;
}
