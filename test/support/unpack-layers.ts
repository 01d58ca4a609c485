import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { resolveImage } from "../../src/engine/images/resolve-image.js";
import { type TarItem, toDockerArchive, toTar } from "./image-files.js";
import { openTempDir, readTree, type TreeLines } from "./temp-tree.js";

/** What the layers of an image hold, lowest first. */
export type Layers = readonly (readonly TarItem[])[];

/** The root filesystem of an image with these layers; `look` is called while it is there. */
export async function unpack(
  layers: Layers,
  options: {
    readonly look?: (rootfs: string) => void;
    /** Names are not all text: the tree cannot be read as lines. */
    readonly isOdd?: boolean;
    readonly limits?: { readonly bytes: number; readonly entries: number };
  } = {},
): Promise<TreeLines> {
  using dir = openTempDir();
  const file = path.join(dir.path, "image.tar");
  const imagesDir = path.join(dir.path, "images");
  writeFileSync(file, toDockerArchive(layers.map(toTar)));
  const { limits } = options;
  try {
    const { image } = await resolveImage(`docker-archive:${file}`, {
      imagesDir,
      ...(limits === undefined ? {} : { limits }),
    });
    const rootfs = path.join(imagesDir, image.id.slice(7), "rootfs");
    options.look?.(rootfs);
    return options.isOdd === true ? [] : readTree(rootfs);
  } finally {
    const left = readdirSync(imagesDir).filter((name) => name.startsWith("."));
    assert.deepEqual(left, [], "nothing half made is left");
  }
}

/** Expects that an image with these layers is refused, and why. */
export const refuses = async (layers: Layers, message: RegExp): Promise<void> =>
  await assert.rejects(unpack(layers), { code: "sandbox-unavailable", message });
