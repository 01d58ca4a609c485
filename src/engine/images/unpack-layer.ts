import { unusable } from "./image-problem.js";
import { type ImageTree, joinName } from "./image-tree.js";
import { parseLayerName, parseLayerPath } from "./layer-path.js";
import { readTar, type TarEntry } from "./read-tar.js";

/**
 * Applies the layer in the tar archive `chunks` to `tree` (OCI image-spec, layer.md, "Applying Changesets"). Device nodes and FIFOs
 * are left out, extended attributes too. `count` is told of each entry and throws where they are too many.
 */
export async function unpackLayer(
  tree: ImageTree,
  chunks: AsyncIterable<Uint8Array>,
  count: () => void,
): Promise<void> {
  /** What this layer has: its own whiteouts do not hide it, wherever in the archive they are. */
  const own = new Set<string>();
  for await (const entry of readTar(chunks)) {
    count();
    const name = parseLayerName(entry.name);
    switch (name.kind) {
      case "nothing":
        break;
      case "whiteout":
        hideLower(tree, name.path, own);
        break;
      case "opaque":
        for (const child of tree.list(name.path)) hideLower(tree, joinName(name.path, child), own);
        break;
      case "entry":
        await putEntry(tree, name.path, entry);
        addWithParents(own, name.path);
    }
  }
}

async function putEntry(tree: ImageTree, path: string, entry: TarEntry): Promise<void> {
  switch (entry.type) {
    case "dir":
      return tree.putDirectory(path, entry);
    case "file":
      return await tree.putFile(path, entry, async (append) => {
        for (let part = await entry.read(); part !== undefined; part = await entry.read())
          append(part);
      });
    case "symlink":
      return tree.putSymlink(path, entry.linkName, entry);
    case "link": {
      const target = parseLayerPath(entry.linkName);
      if (target === "") throw unusable("a layer links to its own root");
      return tree.putLink(path, target);
    }
    case "device":
    case "fifo":
      return tree.remove(path);
  }
}

function addWithParents(own: Set<string>, path: string): void {
  for (let at = path; at !== "" && !own.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf("/"))))
    own.add(at);
}

function hideLower(tree: ImageTree, path: string, own: ReadonlySet<string>): void {
  if (!own.has(path)) tree.remove(path);
  else if (tree.isDirectory(path))
    for (const child of tree.list(path)) hideLower(tree, joinName(path, child), own);
}
