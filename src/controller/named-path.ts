import path from "node:path";
import { toGitPlaceOf } from "../review/git-group.js";
import type { Controller } from "./controller.js";
import { hostPath } from "./select-changes.js";
import type { ReviewedChange } from "./session-review.js";

/** A PATH as a person gave it. */
export interface NamedPath {
  /** As `resolvePath` resolves it. */
  readonly absolute: string;
  /** It says "everything here" (`.`, `..`, a workspace itself): nobody who wrote it had the things below it in mind. */
  readonly isBroad: boolean;
}

/** Reads what a person wrote. */
export function toNamedPath(
  { resolvePath }: Pick<Controller, "resolvePath">,
  text: string,
  workspaces: readonly string[],
): NamedPath {
  const absolute = resolvePath(text);
  const isPlace = /^(?:\.\.?\/?)+$/.test(path.normalize(text));
  return { absolute, isBroad: isPlace || workspaces.includes(absolute) };
}

/**
 * Whether a PATH names a change that runs later: the path itself, or a directory above it, unless that says "everything here". What lies in
 * a `.git` directory is of another kind than what lies around it: objects and refs are named by that directory, its hooks and configuration
 * only by their own path.
 */
export function namesChange(
  { absolute, isBroad }: NamedPath,
  item: ReviewedChange,
  workspaces: readonly string[],
): boolean {
  const file = hostPath(workspaces, item.change);
  if (file === absolute) return true;
  if (isBroad || !file.startsWith(`${absolute}/`)) return false;
  const place = toGitPlaceOf(item.change);
  if (place === undefined) return true;
  const isHigh =
    place.role !== "data" &&
    item.risks.some((risk) => risk.id === "runs-later" && risk.level === "high");
  return !isHigh && path.basename(absolute) === ".git";
}
