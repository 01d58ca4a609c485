import { SandboxError } from "../../core/error.js";
import { swapIds } from "../../core/host-ids.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";
import { openNative } from "../../host/native.js";
import { randomBytes } from "../../host/random-bytes.js";
import { type CarriedPlace, carriedLayers, toLayersVolume } from "./carried-layers.js";
import { removeCarried, writeCarried } from "./carried-record.js";
import type { ContainerLayers, ContainerMount, OpenLayersInput } from "./container-layers.js";
import { openKnownTrees } from "./known-trees.js";
import { LABELS, toLabels } from "./labels.js";
import { pick } from "./parse-answer.js";
import {
  type CarriedMount,
  type Carries,
  planCarried,
  planUppers,
  TREE_TOP,
} from "./plan-carried.js";
import { toExecOption } from "./exec-option.js";
import { OVERLAY_OPTIONS } from "./plan-read-only.js";
import { createHelper } from "./run-helper.js";
import {
  CLOSED,
  EMPTY,
  LAYERS_AT,
  NOTHING,
  sendLayers,
  toUpperPlace,
  toWorkPlace,
} from "./send-layers.js";
import { sendTree } from "./send-tree.js";
import {
  createTreeVolume,
  createVolume,
  type DaemonVolume,
  findTree,
  inspectVolume,
  markTree,
} from "./tree-cache.js";
import type { TreeFingerprint } from "./tree-fingerprint.js";
import type { KnownOwners } from "./upper-entry.js";
import { readFingerprint } from "./write-tree-tar.js";

const OPTIONS = `nosuid,nodev,userxattr,${OVERLAY_OPTIONS}`;

/**
 * The layers of a sandbox on a daemon that sees none of this machine's files, or must see them with other owners: each tree is sent
 * into a volume of the daemon's (once, while it stays the same), and upper and work directories are in another volume,
 * from which `bringBack` fetches the uppers. Throws `sandbox-unavailable`, leaving nothing.
 */
export async function openCarriedLayers(
  input: OpenLayersInput,
  { carries }: { readonly carries: Carries },
): Promise<ContainerLayers> {
  const { daemon, spec, ownership } = input;
  const native = openNative();
  const place: CarriedPlace = { ...input, native };
  const layers = carriedLayers(place);
  try {
    removeCarried(input.scratchDir);
    // What an earlier revision left there has been brought back; nothing of it may be mixed with what is sent now.
    await layers.remove();
    const planned = planCarried(spec, { native, carries });
    const trees: PlannedTree[] = [];
    for (const mount of planned) trees.push(await planTree(input, mount));
    const nonce = randomBytes(16).toString("hex");
    const volume = await createVolume(daemon, toLayersVolume(ownership), {
      ...toLabels(ownership, "layers"),
      [LABELS.content]: nonce,
    });
    await refuseOther(daemon, { volume, nonce });
    // Created and never started: while it is there, nobody removes the volumes.
    const holder = await createHelper({
      daemon,
      ownership,
      argv: ["stat", LAYERS_AT],
      mounts: [toMount(volume, LAYERS_AT), ...trees.map(toTreeMount)],
    });
    for (const [index, tree] of trees.entries())
      if (!tree.isThere) await send(input, { tree, holder, directory: toTreePlace(index) });
    await refuseForeign(input, trees);
    await sendLayers(planUppers(spec), { daemon, container: holder, native, ...toAbort(input) });
    const owners = toOwners(input, trees);
    writeCarried(input.scratchDir, { nonce, owners, isBroughtBack: false });
    const mounts = trees.map((tree) =>
      toSandboxMount(tree, { trees, volume, exec: toExecOption(input.spec) }),
    );
    if (carries === "overlays") return { ...layers, mounts };
    return { ...layers, isRemote: true, mounts: [...mounts, ...toHidden(spec, volume)] };
  } catch (error) {
    await layers.remove().catch(() => {});
    throw error;
  }
}

/** A volume of that name that was there already keeps its own labels. */
async function refuseOther(
  daemon: OpenLayersInput["daemon"],
  made: { readonly volume: DaemonVolume; readonly nonce: string },
): Promise<void> {
  const { volume, nonce } = made;
  const labels = pick(await inspectVolume(daemon, volume.name), "Labels");
  if (pick(labels, LABELS.content) === nonce) return;
  throw new SandboxError("sandbox-unavailable", `the volume ${volume.name} is there already`, {
    hint: `look at it, then: docker volume rm ${volume.name}`,
  });
}

/** A tree, and where on the daemon it is or will be. */
interface PlannedTree extends CarriedMount {
  readonly fingerprint: TreeFingerprint;
  readonly volume: DaemonVolume;
  readonly isThere: boolean;
}

async function planTree(input: OpenLayersInput, mount: CarriedMount): Promise<PlannedTree> {
  const { daemon, ownership, cacheDir } = input;
  const fingerprint = readFingerprint(mount.tree);
  const digest = openKnownTrees(cacheDir).find(fingerprint.digest);
  const known =
    digest === undefined || !fingerprint.isSettled
      ? undefined
      : await findTree(daemon, { home: ownership.home, digest });
  const volume = known ?? (await createTreeVolume(daemon, ownership));
  return { ...mount, fingerprint, volume, isThere: known !== undefined };
}

/** Sends a tree, and says so when it is whole. */
async function send(
  input: OpenLayersInput,
  o: { readonly tree: PlannedTree; readonly holder: string; readonly directory: string },
): Promise<void> {
  const { daemon, ownership, cacheDir } = input;
  const { tree, holder, directory } = o;
  const target = { daemon, container: holder, directory, ...toAbort(input) };
  const { digest, fingerprint } = await sendTree(tree.tree, target);
  await markTree(daemon, { home: ownership.home, digest, volume: tree.volume });
  if (fingerprint.isSettled) openKnownTrees(cacheDir).remember(fingerprint.digest, digest);
}

/** A volume that was removed in between has been made anew, and empty, by the mere use of its name. */
async function refuseForeign(
  { daemon }: OpenLayersInput,
  trees: readonly PlannedTree[],
): Promise<void> {
  for (const { volume } of trees) {
    const labels = pick(await inspectVolume(daemon, volume.name), "Labels");
    if (pick(labels, LABELS.kind) === "tree") continue;
    throw new SandboxError(
      "sandbox-unavailable",
      "the daemon lost the workspace while it was used",
      {
        hint: "run the command again",
      },
    );
  }
}

function toTreePlace(index: number): string {
  return `/mnt/tree-${index}`;
}

function toTreeMount(tree: PlannedTree, index: number): ContainerMount {
  return toMount(tree.volume, toTreePlace(index), tree.isThere);
}

function toMount(volume: DaemonVolume, target: string, readOnly = false): ContainerMount {
  return { type: "volume", source: volume.name, target, readOnly };
}

function toSandboxMount(
  tree: PlannedTree,
  o: {
    readonly trees: readonly PlannedTree[];
    readonly volume: DaemonVolume;
    readonly exec: string;
  },
): ContainerMount {
  const { mount, isFile, volume } = tree;
  const { target } = mount;
  const lower = `${volume.mountpoint}/${TREE_TOP}`;
  if (isFile) return { type: "bind", source: lower, target, readOnly: true, isInVolume: true };
  const layers = o.volume.mountpoint;
  refuseHarmful(lower, layers);
  if (mount.kind === "readonly") return toLowerOnly(lower, target, layers);
  const index = o.trees.filter((one) => one.mount.kind === "overlay").indexOf(tree);
  const dirs = [
    `lowerdir=${lower}`,
    `upperdir=${layers}/${toUpperPlace(index)}`,
    `workdir=${layers}/${toWorkPlace(index)}`,
  ];
  const overlay = `${dirs.join(",")},${o.exec},${OPTIONS},volatile`;
  return { type: "volume", target, readOnly: false, overlay };
}

/** An empty thing that nobody may read, over each. */
function toHidden(
  { mounts }: SandboxSpec,
  { mountpoint }: DaemonVolume,
): readonly ContainerMount[] {
  return mounts.flatMap((mount): readonly ContainerMount[] => {
    if (mount.kind !== "hidden") return [];
    const { target, type } = mount;
    if (type === "dir") return [toLowerOnly(`${mountpoint}/${CLOSED}`, target, mountpoint)];
    const source = `${mountpoint}/${NOTHING}`;
    return [{ type: "bind", source, target, readOnly: true, isInVolume: true }];
  });
}

/** An overlay without an upperdir is readable only by itself, and Docker takes no anonymous volume as such. */
function toLowerOnly(lower: string, target: string, layers: string): ContainerMount {
  const overlay = `ro,lowerdir=${lower}:${layers}/${EMPTY},${OPTIONS}`;
  return { type: "volume", target, readOnly: false, overlay };
}

/** mount(8) options have no way to say these. */
function refuseHarmful(...paths: readonly string[]): void {
  const bad = paths.find((one) => /[,:\\]/.test(one));
  if (bad === undefined) return;
  throw new SandboxError("sandbox-unavailable", `the daemon's volumes lie at ${bad}`, {
    hint: "a data-root without commas, colons and backslashes is needed",
  });
}

function toOwners({ spec }: OpenLayersInput, trees: readonly PlannedTree[]): KnownOwners {
  const uids = new Set([spec.uid]);
  const gids = new Set([spec.gid]);
  for (const { fingerprint, tree } of trees) {
    for (const uid of fingerprint.uids) uids.add(swapIds({ uid, gid: 0 }, tree.mapping).uid);
    for (const gid of fingerprint.gids) gids.add(swapIds({ uid: 0, gid }, tree.mapping).gid);
  }
  return { uids, gids };
}

function toAbort({ abort }: OpenLayersInput): { readonly abort?: AbortSignal } {
  return abort === undefined ? {} : { abort };
}
