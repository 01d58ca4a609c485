import type { RelPath } from "../core/path.js";
import { neutraliseName } from "./neutralise.js";

/**
 * A path for a person: below its workspace where there is only one, else in full, since two
 * workspaces may hold the same name.
 */
export function toShownPath(
  at: { readonly workspace: number; readonly path: RelPath },
  workspaces: readonly string[],
  form: "short" | "full" = "short",
): string {
  if (form === "short" && workspaces.length <= 1)
    return neutraliseName(at.path === "" ? "." : at.path);
  const workspace = workspaces[at.workspace] ?? "";
  return neutraliseName(at.path === "" ? workspace : `${workspace}/${at.path}`);
}
