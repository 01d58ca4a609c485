import type { Changeset } from "../core/change.js";
import { parentPath, type RelPath } from "../core/path.js";

/** Where a symbolic link leads, as far as the changeset alone can tell. */
export type LinkEnd = "inside" | "absolute" | "outside" | "loop";

/** The links a changeset leaves behind, as a tree of names for each workspace. */
export type LinkTargets = ReadonlyMap<number, LinkNode>;

interface LinkNode {
  readonly children: Map<string, LinkNode>;
  target?: string;
}

const MAX_LINKS = 40;

/** The targets of every link in the changeset, for `resolveLink`. */
export function toLinkTargets(changeset: Changeset): LinkTargets {
  const roots = new Map<number, LinkNode>();
  for (const { workspace, path, after } of changeset.changes) {
    if (after?.type !== "symlink" || after.target === undefined) continue;
    let node = getOrAdd(roots, workspace);
    for (const part of path.split("/")) node = getOrAdd(node.children, part);
    node.target = after.target;
  }
  return roots;
}

/**
 * Follows a link as path_resolution(7) does, through the other links of the changeset. Links the
 * base already had are not known here. Takes a step a component: a hostile tree of long links
 * costs no more than its own length.
 */
export function resolveLink(
  link: { readonly workspace: number; readonly path: RelPath; readonly target: string },
  targets: LinkTargets,
): LinkEnd {
  if (link.target.startsWith("/")) return "absolute";
  const place = toPlace(targets.get(link.workspace), parentPath(link.path) ?? "");
  const rest = link.target.split("/").reverse();
  for (let hops = 0; rest.length > 0; ) {
    if (!step(place, rest.pop() ?? "")) return "outside";
    const next = place.stack.at(-1)?.target;
    if (next === undefined) continue;
    if (next.startsWith("/")) return "outside";
    if (++hops > MAX_LINKS) return "loop";
    place.stack.pop();
    rest.push(...next.split("/").reverse());
  }
  return "inside";
}

/** A directory of the workspace, with the node of each of its components where links lie below. */
interface Place {
  readonly root: LinkNode | undefined;
  readonly stack: (LinkNode | undefined)[];
}

function toPlace(root: LinkNode | undefined, directory: string): Place {
  const place: Place = { root, stack: [] };
  for (const part of directory.split("/")) step(place, part);
  return place;
}

/** One component further; false where it would climb out of the workspace. */
function step(place: Place, part: string): boolean {
  if (part === "" || part === ".") return true;
  if (part === "..") {
    if (place.stack.length === 0) return false;
    place.stack.pop();
    return true;
  }
  const here = place.stack.length === 0 ? place.root : place.stack.at(-1);
  place.stack.push(here?.children.get(part));
  return true;
}

function getOrAdd<K>(map: Map<K, LinkNode>, key: K): LinkNode {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: LinkNode = { children: new Map() };
  map.set(key, made);
  return made;
}
