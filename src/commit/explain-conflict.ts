import type { BaseState, Change, NextState } from "../core/change.js";
import { isSameXattrs } from "../core/same-xattrs.js";
import { nameType } from "./same-state.js";

/**
 * What a person can do about a conflict: `merge` both sides' lines; take `theirs`, the task's, or keep `ours`, their own; `select`
 * what would be left behind as well; `restore` what is missing on the host, or put it out of the way.
 */
export type WayOut = "merge" | "theirs" | "ours" | "select" | "restore";

/** What a task did to a path, as a sentence without its subject. */
export function describeTask({ kind, before, after }: Change): string {
  if (after === undefined) return "deleted it";
  if (before === undefined || kind === "add") return `created it (a ${nameType(after.type)})`;
  if (before.type !== after.type) return `made it a ${nameType(after.type)}`;
  const parts = listDifferences(before, after);
  return parts.length === 0 ? "changed it" : `changed its ${parts.join(" and ")}`;
}

function listDifferences(before: BaseState, after: NextState): readonly string[] {
  return [
    ...(after.digest !== before.digest ? ["content"] : []),
    ...(after.target !== before.target ? ["target"] : []),
    ...(after.mode !== before.mode ? ["mode"] : []),
    ...(after.uid !== "base" || after.gid !== "base" ? ["owner"] : []),
    ...(isSameXattrs(before.xattrs, after.xattrs) ? [] : ["attributes"]),
  ];
}
