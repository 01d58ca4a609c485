import { rmdirSync } from "node:fs";
import path from "node:path";
import type { Layers } from "../core/change.js";
import { hasErrno, SandboxError } from "../core/error.js";
import { parseSessionId } from "../core/ids.js";
import { removeTree } from "../host/remove-tree.js";
import { BESIDE_NAME } from "./layers-root.js";

/**
 * Removes one workspace's layers and the directories made for them that are now empty. Layers already
 * gone are no error. Throws `damaged`, and removes nothing, where the paths are not ones `openLayers` makes.
 */
export function removeLayers(layers: Layers): void {
  const root = toLayersRoot(layers);
  removeTree(root);
  const holder = path.dirname(root);
  if (!removeIfEmpty(holder)) return;
  const beside = path.dirname(holder);
  if (BESIDE_NAME.test(path.basename(beside))) removeIfEmpty(beside);
}

/** `<session>/layers/<index>` or `<mount point>/.sandbox-<uid>/<session>/<index>`, nothing else. */
function toLayersRoot(layers: Layers): string {
  const root = path.dirname(layers.upper);
  const [over, holder, index] = root.split("/").slice(-3);
  const inSession = holder === "layers" && parseSessionId(over ?? "") !== undefined;
  const beside = BESIDE_NAME.test(over ?? "") && parseSessionId(holder ?? "") !== undefined;
  const own =
    path.isAbsolute(root) &&
    path.normalize(root) === root &&
    layers.upper === path.join(root, "upper") &&
    layers.work === path.join(root, "work") &&
    /^\d+$/.test(index ?? "");
  if (own && (inSession || beside)) return root;
  throw new SandboxError("damaged", `not the layers of a session: ${layers.upper}`);
}

function removeIfEmpty(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch (error) {
    if (hasErrno(error, "ENOTEMPTY", "EEXIST", "EACCES", "EPERM")) return false;
    if (hasErrno(error, "ENOENT")) return true;
    throw error;
  }
}
