import type { Digest } from "../../core/ids.js";
import { randomBytes } from "../../host/random-bytes.js";
import { LABELS, type Ownership, toLabels, toSharedLabels } from "./labels.js";
import type { Daemon } from "./open-daemon.js";
import { isRecord, pick, pickText, toList } from "./parse-answer.js";

/** A volume of the daemon, and where it lies there. */
export interface DaemonVolume {
  readonly name: string;
  readonly mountpoint: string;
}

/** On the marker of a complete tree: the volume that holds it. */
const TREE = "io.github.sandbox.tree";

/**
 * The volume that holds the whole tree `digest`, or undefined. A tree is whole when a second volume, the marker, says so: it
 * is made last and in one step, so a sender that was killed leaves none, and of two senders one is the first.
 */
export async function findTree(
  daemon: Daemon,
  of: { readonly home: string; readonly digest: Digest },
): Promise<DaemonVolume | undefined> {
  const marker = await inspectVolume(daemon, toMarkerName(of));
  const name = pick(marker, "Labels", TREE);
  if (typeof name !== "string" || pick(marker, "Labels", LABELS.content) !== of.digest)
    return undefined;
  const volume = await inspectVolume(daemon, name);
  if (pick(volume, "Labels", LABELS.kind) !== "tree") return undefined;
  return toVolume(volume);
}

/** An empty volume of the session's for a tree that is to be sent. */
export function createTreeVolume(daemon: Daemon, ownership: Ownership): Promise<DaemonVolume> {
  const name = `sandbox-tree-${ownership.home}-${randomBytes(8).toString("hex")}`;
  return createVolume(daemon, name, toLabels(ownership, "tree"));
}

/** Says that `volume` holds the whole tree `digest`; where another one does already, that one stays the known one. */
export async function markTree(
  daemon: Daemon,
  tree: { readonly home: string; readonly digest: Digest; readonly volume: DaemonVolume },
): Promise<void> {
  const labels = { ...toSharedLabels(tree.home, "tree", tree.digest), [TREE]: tree.volume.name };
  await createVolume(daemon, toMarkerName(tree), labels);
}

/** Makes a volume, or finds the one of that name. */
export async function createVolume(
  daemon: Daemon,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<DaemonVolume> {
  const answer = await daemon.request({
    method: "POST",
    path: "/volumes/create",
    body: { Name: name, Driver: "local", Labels: labels },
    doing: "create a volume",
  });
  return toVolume(answer);
}

/** What the daemon says of a volume; undefined where there is none. */
export function inspectVolume(daemon: Daemon, name: string): Promise<unknown> {
  return daemon.request({
    method: "GET",
    path: `/volumes/${name}`,
    doing: "look at a volume",
    tolerate: [404],
  });
}

/** Removes a volume; false where a container still uses it. One that is gone is no error. */
export async function removeVolume(daemon: Daemon, name: string): Promise<boolean> {
  await daemon.request({
    method: "DELETE",
    path: `/volumes/${name}`,
    doing: "remove a volume",
    tolerate: [404, 409],
  });
  return (await inspectVolume(daemon, name)) === undefined;
}

/** The volumes of this state directory that hold a part of trees: the trees themselves, and what marks them. */
export async function listTrees(daemon: Daemon, home: string): Promise<readonly TreeVolume[]> {
  const filters = { label: [`${LABELS.home}=${home}`, `${LABELS.kind}=tree`] };
  const answer = await daemon.request({
    method: "GET",
    path: "/volumes",
    query: { filters: JSON.stringify(filters) },
    doing: "list volumes",
  });
  return toList(pick(answer, "Volumes")).map((volume) => {
    const labels = pick(volume, "Labels");
    const read = (key: string): string | undefined => {
      const value = isRecord(labels) ? labels[key] : undefined;
      return typeof value === "string" ? value : undefined;
    };
    return { name: pickText(volume, "Name"), marks: read(TREE), session: read(LABELS.session) };
  });
}

/** A volume of `listTrees`. */
export interface TreeVolume {
  readonly name: string;
  /** The tree that it marks as whole. */
  readonly marks: string | undefined;
  /** The sandbox that made it. */
  readonly session: string | undefined;
}

/**
 * Removes trees that no container uses: those known as whole with their marks, and what senders that are dead left. Returns a
 * line for each; with `dryRun` for each that might be removed.
 */
export async function pruneTrees(
  daemon: Daemon,
  o: {
    readonly home: string;
    readonly isKept: (sandboxId: string) => boolean;
    readonly dryRun: boolean;
  },
): Promise<readonly string[]> {
  const all = await listTrees(daemon, o.home);
  const marks = new Map(all.flatMap((one) => (one.marks === undefined ? [] : [[one.marks, one]])));
  const removed: string[] = [];
  for (const tree of all.filter((one) => one.marks === undefined)) {
    if (!marks.has(tree.name) && tree.session !== undefined && o.isKept(tree.session)) continue;
    if (!o.dryRun && !(await removeVolume(daemon, tree.name))) continue;
    removed.push(`tree volume ${tree.name}`);
  }
  const left = new Set(o.dryRun ? [] : (await listTrees(daemon, o.home)).map(({ name }) => name));
  for (const [tree, mark] of marks)
    if (!o.dryRun && !left.has(tree)) await removeVolume(daemon, mark.name);
  return removed;
}

function toVolume(answer: unknown): DaemonVolume {
  return { name: pickText(answer, "Name"), mountpoint: pickText(answer, "Mountpoint") };
}

function toMarkerName({ home, digest }: { home: string; digest: Digest }): string {
  return `sandbox-whole-${home}-${digest.slice("sha256:".length, "sha256:".length + 40)}`;
}
