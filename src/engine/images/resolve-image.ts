import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openNative } from "../../host/native.js";
import type { ImageFacts } from "../engine.js";
import { blameReference, unknownImage } from "./image-problem.js";
import { rememberImage, recallImage, toFileKey } from "./known-images.js";
import { IMAGE_LIMITS, type ImageLimits } from "./layer-stream.js";
import { isThere, openExport, type OpenedImage, openSource } from "./open-source.js";
import { parseReference } from "./parse-reference.js";
import { readStoredImage, type StoredImage } from "./stored-image.js";
import { unpackImage } from "./unpack-image.js";

/** Images of a daemon, as the store takes them. */
export interface DaemonImages {
  /** The daemon's own id of an image; undefined where it has none of that name. Throws where no daemon answers. */
  findImage(name: string): Promise<string | undefined>;
  /** The image as `docker save` writes it. */
  exportImage(id: string): Promise<AsyncIterable<Uint8Array>>;
}

/** Where images are kept and where they come from. */
export interface ImageStoreOptions {
  readonly imagesDir: string;
  readonly limits?: ImageLimits;
  /** Absent: this program has no way to a daemon. */
  readonly openDaemonImages?: () => Promise<DaemonImages>;
  readonly progress?: (what: string, count: number | undefined) => void;
}

/**
 * Finds the image that `reference` names and unpacks it where the store has not got it. Throws `usage` where there is no such
 * image, `sandbox-unavailable` where it cannot be used: one line, and nothing half made is left.
 */
export async function resolveImage(
  reference: string,
  options: ImageStoreOptions,
): Promise<ImageFacts> {
  try {
    mkdirSync(options.imagesDir, { recursive: true, mode: 0o700 });
    const { id, env } = await obtainImage(reference, options);
    return { image: { reference, id }, env };
  } catch (error) {
    throw blameReference(error, reference, options.imagesDir);
  }
}

async function obtainImage(text: string, options: ImageStoreOptions): Promise<StoredImage> {
  const { imagesDir, limits = IMAGE_LIMITS } = options;
  const reference = parseReference(text, isThere);
  const place = { imagesDir, limits };
  if (reference.kind !== "daemon") {
    const key = toKey(reference);
    return await obtain(key, () => openSource(reference, place), options);
  }
  const daemon = await openDaemon(options, reference.name);
  const id = await daemon.findImage(reference.name);
  if (id === undefined)
    throw unknownImage(
      "the daemon has no such image",
      isThere(reference.name)
        ? `for the file, write ./${reference.name}`
        : `docker pull ${reference.name}`,
    );
  const open = async (): Promise<OpenedImage> =>
    await openExport(await daemon.exportImage(id), place);
  return await obtain(`daemon\n${id}`, open, options);
}

/** A layout changes with its index. */
function toKey({ path, pick }: { readonly path: string; readonly pick?: string }): string {
  const index = join(path, "index.json");
  return toFileKey(isThere(index) ? index : path, pick);
}

async function openDaemon(
  { openDaemonImages }: ImageStoreOptions,
  name: string,
): Promise<DaemonImages> {
  if (openDaemonImages !== undefined) return await openDaemonImages();
  throw unknownImage(
    "images of a daemon cannot be used with this engine yet",
    isThere(name)
      ? `for the file, write ./${name}`
      : `docker save ${name} -o image.tar, then --image docker-archive:image.tar`,
  );
}

async function obtain(
  key: string,
  open: () => Promise<OpenedImage>,
  { imagesDir, limits = IMAGE_LIMITS, progress = () => {} }: ImageStoreOptions,
): Promise<StoredImage> {
  const recalled = recallImage(imagesDir, key);
  const there = recalled === undefined ? undefined : readStoredImage(imagesDir, recalled);
  if (there !== undefined) return there;
  using opened = await open();
  const { parts } = opened;
  const stored =
    readStoredImage(imagesDir, parts.id) ??
    (await unpackImage(parts, { imagesDir, limits, native: openNative(), progress }));
  rememberImage(imagesDir, key, stored.id);
  return stored;
}
