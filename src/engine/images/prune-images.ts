import { existsSync, readdirSync, renameSync } from "node:fs";
import path from "node:path";
import { openNative } from "../../host/native.js";
import { removeTree } from "../../host/remove-tree.js";
import { sweepImages } from "./unpack-image.js";

/** What may go. */
export interface PruneImagesOptions {
  /** Whether a session that is kept has this image. Absent: all images stay. */
  readonly isUsed?: (id: string) => Promise<boolean>;
  readonly dryRun: boolean;
}

const PRUNED = ".pruned-";

/**
 * Removes what unpackings that were killed left behind, and with `isUsed` the images that nothing uses. An image goes aside first and
 * `isUsed` is asked again then: a session that began meanwhile either is seen there, or finds no image. Returns a line for each.
 */
export async function pruneImages(
  imagesDir: string,
  { isUsed, dryRun }: PruneImagesOptions,
): Promise<readonly string[]> {
  if (!existsSync(imagesDir)) return [];
  const swept = sweepImages(imagesDir, openNative(), { dryRun });
  const removed: string[] = [];
  const names = readdirSync(imagesDir);
  for (const name of names.filter((one) => one.startsWith(PRUNED)))
    if (!dryRun) removeTree(path.join(imagesDir, name));
  if (isUsed !== undefined)
    for (const hex of names.filter((one) => /^[0-9a-f]{64}$/.test(one)))
      if (await pruneOne(path.join(imagesDir, hex), { isUsed, dryRun }))
        removed.push(`sha256:${hex}`);
  return [
    ...swept.map(() => "an image that was not unpacked to its end"),
    ...removed.map((id) => `the image ${id}`),
  ];
}

async function pruneOne(
  directory: string,
  { isUsed, dryRun }: Required<PruneImagesOptions>,
): Promise<boolean> {
  const id = `sha256:${path.basename(directory)}`;
  if (await isUsed(id)) return false;
  if (dryRun) return true;
  const aside = path.join(path.dirname(directory), `${PRUNED}${path.basename(directory)}`);
  renameSync(directory, aside);
  if (await isUsed(id)) {
    renameSync(aside, directory);
    return false;
  }
  removeTree(aside);
  return true;
}
