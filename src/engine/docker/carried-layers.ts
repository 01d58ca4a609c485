import { SandboxError } from "../../core/error.js";
import type { Native } from "../../host/native.js";
import { openNative } from "../../host/native.js";
import { readCarried, writeCarried } from "./carried-record.js";
import type {
  ContainerLayers,
  ContainerMount,
  OpenLayersInput,
  UpperUsage,
} from "./container-layers.js";
import { fetchUpper } from "./fetch-upper.js";
import { LABELS, type Ownership } from "./labels.js";
import { listContainers } from "./list-ours.js";
import { pick } from "./parse-answer.js";
import { planUppers } from "./plan-carried.js";
import { removeContainer } from "./remove-container.js";
import { runHelper } from "./run-helper.js";
import { LAYERS_AT, toUpperPlace } from "./send-layers.js";
import { inspectVolume, listTrees, removeVolume } from "./tree-cache.js";

/** The layers of one sandbox on a daemon. */
export interface CarriedPlace extends Omit<OpenLayersInput, "cacheDir"> {
  readonly native: Native;
}

/** Name of the volume that holds upper and work directories of a sandbox. */
export function toLayersVolume({ home, sandboxId }: Ownership): string {
  return `sandbox-layers-${home}-${sandboxId}`;
}

/**
 * The layers that a sandbox of a process that died has on `daemon`, to bring them back and remove them; undefined where it has
 * none.
 */
export async function findCarriedLayers(
  input: Omit<OpenLayersInput, "cacheDir">,
): Promise<ContainerLayers | undefined> {
  // A volume that is gone, though there was one, is not the same as none.
  const volume = await inspectVolume(input.daemon, toLayersVolume(input.ownership));
  const record = readCarried(input.scratchDir);
  if (volume === undefined && (record === undefined || record.isBroughtBack)) return undefined;
  return { ...carriedLayers({ ...input, native: openNative() }), mounts: [] };
}

/** What can be done with layers that are on a daemon. */
export function carriedLayers(place: CarriedPlace): Omit<ContainerLayers, "mounts"> {
  return {
    readUsage: toRare(() => readUsage(place)),
    bringBack: () => bringBack(place),
    // What lies here is the caller's own.
    makeRemovable: async () => {},
    remove: () => removeCarried(place),
  };
}

/** Part of the time that looking may take: each look is a container. Between two the last answer stands, not for long. */
const LOOK_SHARE = 0.1;
const LONGEST_PAUSE_MS = 5_000;

function toRare(look: () => Promise<UpperUsage>): () => Promise<UpperUsage> {
  let last: UpperUsage | undefined;
  let next = 0;
  return async () => {
    const start = performance.now();
    if (last !== undefined && start < next) return last;
    last = await look();
    const now = performance.now();
    next = now + Math.min((now - start) / LOOK_SHARE, LONGEST_PAUSE_MS);
    return last;
  };
}

/** No record: the layers were not complete, so no task had them. */
async function bringBack(place: CarriedPlace): Promise<void> {
  const { daemon, ownership, spec, native } = place;
  const record = readCarried(place.scratchDir);
  if (record === undefined || record.isBroughtBack) return;
  const { owners, nonce } = record;
  const volume = await inspectVolume(daemon, toLayersVolume(ownership));
  if (pick(volume, "Labels", LABELS.content) !== nonce)
    throw new SandboxError(
      "damaged",
      `the daemon at ${daemon.address} has not, or no longer, the changes of ${ownership.sandboxId}`,
      { hint: `if they are lost for good: sandbox discard ${ownership.sandboxId}` },
    );
  for (const upper of planUppers(spec))
    await fetchUpper(upper, { daemon, ownership, native, owners, layers: toLayersMount(place) });
  writeCarried(place.scratchDir, { ...record, isBroughtBack: true });
}

async function readUsage(place: CarriedPlace): Promise<UpperUsage> {
  const { daemon, ownership, spec } = place;
  const dirs = planUppers(spec).map(({ index }) => `${LAYERS_AT}/${toUpperPlace(index)}`);
  const said = await runHelper({
    daemon,
    ownership,
    argv: ["usage", ...dirs],
    mounts: [toLayersMount(place)],
  });
  const lines = said.toString("latin1").trim().split("\n");
  const counts = lines.map((line) => line.split(" ").map(Number));
  const [, , , blocks = 0, , free = 0, files = 0, freeFiles = 0] = counts[0] ?? [];
  return {
    heldBytes: counts.reduce((sum, [bytes = 0]) => sum + bytes, 0),
    freeSpace: blocks > 0 ? free / blocks : 1,
    freeInodes: files > 0 ? freeFiles / files : 1,
  };
}

/** Helpers first: a volume in use is not removed. A tree that was sent to its end stays for the next run. */
async function removeCarried({ daemon, ownership }: CarriedPlace): Promise<void> {
  for (const { id, kind } of await listContainers(daemon, ownership))
    if (kind === "helper") await removeContainer(daemon, id);
  await removeVolume(daemon, toLayersVolume(ownership));
  const trees = await listTrees(daemon, ownership.home);
  const whole = new Set(trees.map(({ marks }) => marks));
  for (const { name, session } of trees)
    if (session === ownership.sandboxId && !whole.has(name)) await removeVolume(daemon, name);
}

function toLayersMount({ ownership }: CarriedPlace): ContainerMount {
  const source = toLayersVolume(ownership);
  return { type: "volume", source, target: LAYERS_AT, readOnly: true };
}
