import { Readable } from "node:stream";
import type { Native } from "../../host/native.js";
import type { CarriedUpper } from "./plan-carried.js";
import { type SendTarget, sendArchive, sendTree } from "./send-tree.js";
import { encodeTarHeader, TAR_END } from "./tar-format.js";

/** Where the volume of the layers is mounted in helpers. */
export const LAYERS_AT = "/mnt/layers";
/** In the volume of the layers: for overlays without an upperdir, which need a second lowerdir. */
export const EMPTY = "empty";

/** In the volume of the layers: an empty file that nobody may read. */
export const NOTHING = "nothing";

/** The same of a directory. */
export const CLOSED = "closed";

/** The places of an overlay's directories in the volume of the layers. */
export function toUpperPlace(index: number): string {
  return `${index}/upper`;
}

/** As `toUpperPlace`. */
export function toWorkPlace(index: number): string {
  return `${index}/work`;
}

/**
 * Makes the directories of all overlays in an empty volume of a daemon: each upperdir as it is on this machine, with what an
 * earlier task left in it.
 */
export async function sendLayers(
  uppers: readonly CarriedUpper[],
  o: Omit<SendTarget, "directory"> & { readonly native: Native },
): Promise<void> {
  const target = { ...o, directory: LAYERS_AT };
  const places = uppers.flatMap(({ index }) => [`${index}`, toWorkPlace(index)]);
  const made = [EMPTY, ...places].map(toDirectory);
  made.push(encodeTarHeader({ ...ROOTS, name: CLOSED, type: "dir", mode: 0 }));
  made.push(encodeTarHeader({ ...ROOTS, name: NOTHING, type: "file", mode: 0 }));
  await sendArchive(Readable.from([...made, TAR_END], { objectMode: false }), target);
  for (const { mount, index } of uppers) {
    const mapping = { idmap: "none", taskUid: 0, taskGid: 0 } as const;
    const tree = { root: mount.upper, covered: new Map(), native: o.native, isUpper: true };
    await sendTree({ ...tree, top: toUpperPlace(index), mapping }, target);
  }
}

const ROOTS = { uid: 0, gid: 0, size: 0, mtimeNs: "0" } as const;

function toDirectory(name: string): Buffer {
  return encodeTarHeader({ ...ROOTS, name, type: "dir", mode: 0o755 });
}
