import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type DaemonImages, resolveImage } from "../../src/engine/images/resolve-image.js";
import { toTar } from "./image-files.js";
import { openTempDir } from "./temp-tree.js";

/** Layers with a file `hello` that says different things. */
export const LAYER = toTar([{ name: "hello", data: "hello\n" }]);
export const OTHER = toTar([{ name: "hello", data: "other\n" }]);

/** A place for files and a store, and what `resolveImage` makes of a reference there. */
export function openPlace() {
  const dir = openTempDir();
  const imagesDir = path.join(dir.path, "images");
  return {
    at: (name: string): string => path.join(dir.path, name),
    imagesDir,
    write: (name: string, data: Buffer): void => writeFileSync(path.join(dir.path, name), data),
    resolve: (reference: string, daemon?: DaemonImages) =>
      resolveImage(reference, {
        imagesDir,
        ...(daemon === undefined ? {} : { openDaemonImages: async () => daemon }),
      }),
    /** The file `hello` of the image that a reference names. */
    async hello(reference: string, daemon?: DaemonImages): Promise<string> {
      const { image } = await this.resolve(reference, daemon);
      return readFileSync(path.join(imagesDir, image.id.slice(7), "rootfs/hello"), "utf8");
    },
    [Symbol.dispose]: () => dir[Symbol.dispose](),
  };
}
