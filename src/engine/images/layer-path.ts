import { unusable } from "./image-problem.js";

/** What a name in a layer stands for. */
export type LayerName =
  | { readonly kind: "entry"; readonly path: string }
  /** Hides `path` of the layers below. */
  | { readonly kind: "whiteout"; readonly path: string }
  /** Hides what the layers below have in the directory `path`. */
  | { readonly kind: "opaque"; readonly path: string }
  /** Book-keeping of AUFS, and the root itself. */
  | { readonly kind: "nothing" };

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Below PATH_MAX with room for where the store lies. */
const LONGEST = 3072;

/** `name` of a layer (OCI image-spec, layer.md). Throws for one that leaves the root, is absolute, or holds NUL. */
export function parseLayerName(name: string): LayerName {
  const path = parseLayerPath(name);
  if (path === "") return { kind: "nothing" };
  const slash = path.lastIndexOf("/");
  const [parent, base] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
  if (base === OPAQUE) return { kind: "opaque", path: parent };
  if (base.startsWith(".wh..wh.")) return { kind: "nothing" };
  if (!base.startsWith(WHITEOUT)) return { kind: "entry", path };
  const hidden = base.slice(WHITEOUT.length);
  if (hidden === "" || hidden === "." || hidden === "..") throw hostile(name, "hides no name");
  return { kind: "whiteout", path: parent === "" ? hidden : `${parent}/${hidden}` };
}

/** The path below the root that `name` spells; "" is the root. Throws as `parseLayerName` does. */
export function parseLayerPath(name: string): string {
  if (name === "") throw hostile(name, "is empty");
  if (name.startsWith("/")) throw hostile(name, "is absolute");
  if (name.includes("\0")) throw hostile(name, "holds NUL");
  if (name.length > LONGEST) throw hostile(`${name.slice(0, 60)}…`, "is too long");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw hostile(name, "leaves the image");
  return parts.join("/");
}

/** A layer that asks for what no honest one has. */
export function hostile(name: string, why: string): Error {
  return unusable(`a layer holds ${JSON.stringify(name.toWellFormed())}, which ${why}`);
}
