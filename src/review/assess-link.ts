import { assertNever } from "../core/assert-never.js";
import type { Change, Changeset } from "../core/change.js";
import type { Risk } from "../core/risk.js";
import { type LinkTargets, resolveLink } from "./resolve-link.js";

/** Read-only parts of the system that virtual environments and tools link to. */
const SYSTEM =
  /^\/(usr|bin|sbin|lib|lib32|lib64|libx32|opt|nix\/store)(\/(?!\.\.(\/|$))[^/]+)*\/?$/;
const CLIMBS = /(^|\/)\.\.(\/|$)/;

/** A symbolic link that is absolute or leads out of its workspace. */
export function assessLink(
  change: Change,
  context: { readonly changeset: Changeset; readonly links: LinkTargets },
): readonly Risk[] {
  const target = change.after?.type === "symlink" ? change.after.target : undefined;
  if (target === undefined) return [];
  const end = resolveLink(
    { workspace: change.workspace, path: change.path, target },
    context.links,
  );
  switch (end) {
    case "inside":
      return [];
    case "absolute":
      return [toAbsolute(target, context.changeset.workspaces)];
    case "outside":
      return [toEscape("high", "a link that leads out of the workspace")];
    case "loop":
      return [toEscape("medium", "a link that leads round in a circle")];
    default:
      return assertNever(end);
  }
}

function toAbsolute(target: string, workspaces: readonly string[]): Risk {
  const isWithin = workspaces.some((root) => target === root || target.startsWith(`${root}/`));
  if (isWithin && !CLIMBS.test(target))
    return toEscape("medium", "an absolute link into the workspace");
  if (SYSTEM.test(target)) return toEscape("medium", "an absolute link to the system's own files");
  return toEscape("high", "an absolute link that leads out of the workspace");
}

function toEscape(level: Risk["level"], reason: string): Risk {
  return { id: "escaping-link", level, reason };
}
