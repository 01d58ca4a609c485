import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { syncDirectory } from "../../host/atomic-file.js";
import { lock, tryLock } from "../../host/file-lock.js";
import type { Native } from "../../host/native.js";
import { removeTree } from "../../host/remove-tree.js";
import type { ImageParts } from "./image-parts.js";
import { unusable } from "./image-problem.js";
import { ImageTree } from "./image-tree.js";
import { type ImageLimits, openLayer } from "./layer-stream.js";
import {
  readStoredImage,
  type StoredImage,
  toImageDirectory,
  toImageRecord,
} from "./stored-image.js";
import { unpackLayer } from "./unpack-layer.js";

/** Where images are unpacked, how large they may be, and who is told how far it is. */
export interface UnpackContext {
  readonly imagesDir: string;
  readonly limits: ImageLimits;
  readonly native: Pick<Native, "flock" | "syncfs">;
  readonly progress: (what: string, count: number | undefined) => void;
}

const TEMPORARY = ".unpacking-";
const LONGEST_WAIT_MS = 60 * 60_000;

/**
 * Unpacks the image, unless the store has it by the time that nobody else is at it. It is written beside its place, synced and then
 * renamed there: whoever finds it has all of it. What was left by a process that was killed is removed first.
 */
export async function unpackImage(image: ImageParts, context: UnpackContext): Promise<StoredImage> {
  const { imagesDir, native } = context;
  using _lock = await lock(native, toLockFile(imagesDir, toHex(image.id)), {
    timeoutMs: LONGEST_WAIT_MS,
  });
  const there = readStoredImage(imagesDir, image.id);
  if (there !== undefined) return there;
  const temporary = path.join(imagesDir, `${TEMPORARY}${toHex(image.id)}`);
  removeTree(temporary);
  sweepImages(imagesDir, native);
  try {
    mkdirSync(temporary, { mode: 0o700 });
    await unpackLayers(image, path.join(temporary, "rootfs"), context);
    const record = toImageRecord(path.join(temporary, "rootfs"), image.env);
    writeFileSync(path.join(temporary, "image.json"), `${JSON.stringify(record)}\n`);
    syncFilesystem(native, temporary);
    renameSync(temporary, toImageDirectory(imagesDir, image.id));
    syncDirectory(imagesDir);
  } catch (error) {
    removeTree(temporary);
    throw error;
  } finally {
    context.progress("unpacking the image", undefined);
  }
  const stored = readStoredImage(imagesDir, image.id);
  if (stored === undefined) throw new Error(`${image.id} was unpacked and is not there`);
  return stored;
}

async function unpackLayers(
  { layers }: ImageParts,
  rootfs: string,
  { limits, progress }: UnpackContext,
): Promise<void> {
  const tree = new ImageTree(rootfs);
  let bytes = 0;
  let entries = 0;
  for (const layer of layers) {
    const chunks = openLayer(layer, (more) => {
      bytes += more;
      if (bytes > limits.bytes) throw unusable(`it is more than ${limits.bytes} bytes, unpacked`);
    });
    await unpackLayer(tree, chunks, () => {
      entries += 1;
      if (entries > limits.entries) throw unusable(`it has more than ${limits.entries} files`);
      if (entries % 256 === 0) progress("unpacking the image", entries);
    });
  }
  tree.finish();
}

/** Removes what processes that were killed left in the store. Returns what it was. */
export function sweepImages(
  imagesDir: string,
  native: Pick<Native, "flock">,
  options: { readonly dryRun?: boolean } = {},
): readonly string[] {
  return readdirSync(imagesDir)
    .filter((name) => name.startsWith(TEMPORARY))
    .filter((name) => {
      using held = tryLock(native, toLockFile(imagesDir, name.slice(TEMPORARY.length)));
      if (held === undefined) return false;
      if (options.dryRun !== true) removeTree(path.join(imagesDir, name));
      return true;
    });
}

/** Is never removed: a removed one could be locked twice. */
function toLockFile(imagesDir: string, hex: string): string {
  const locks = path.join(imagesDir, "locks");
  mkdirSync(locks, { recursive: true, mode: 0o700 });
  return path.join(locks, hex);
}

function toHex(id: string): string {
  return id.replace(/^sha256:/, "");
}

function syncFilesystem(native: Pick<Native, "syncfs">, directory: string): void {
  const fd = openSync(directory, "r");
  try {
    native.syncfs(fd);
  } finally {
    closeSync(fd);
  }
}
