import { closeSync, constants, openSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../core/change.js";
import type { Native } from "../host/native.js";
import { openNative } from "../host/native.js";
import { removeTree } from "../host/remove-tree.js";

/**
 * Brings the layers of an ended run to disk and takes the mark away by which the kernel refuses a second
 * mount of layers that were mounted `volatile` (`work/work/incompat`; facts.md). The mark goes after the
 * sync, so that layers that carry it are ones not to be trusted after a power cut. An upperdir that is
 * empty needs no sync: then libc is not even loaded.
 */
export function sealLayers(layers: Layers, native?: Native): void {
  if (readdirSync(layers.upper).length > 0) syncFilesystem(layers.upper, native ?? openNative());
  removeTree(path.join(layers.work, "work"));
}

function syncFilesystem(dir: string, native: Native): void {
  const fd = openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    native.syncfs(fd);
  } finally {
    closeSync(fd);
  }
}
