import type { Change } from "../core/change.js";
import { SandboxError } from "../core/error.js";
import type { SessionReview } from "./session-review.js";

/**
 * The indices of the changes that `paths` select: host paths, as `resolvePath` resolves them; a directory selects
 * what lies below it. None: every change. Throws `usage` for a path outside every workspace of the
 * session, and for one that has no pending change.
 */
export function selectChanges(
  review: SessionReview,
  asked: { readonly paths: readonly string[]; readonly resolvePath: (text: string) => string },
): ReadonlySet<number> {
  const { changes, workspaces } = review.changeset;
  if (asked.paths.length === 0) return new Set(changes.keys());
  const selected = new Set<number>();
  for (const text of asked.paths) {
    const target = toTarget(asked.resolvePath(text), workspaces);
    let found = false;
    for (const [index, change] of changes.entries()) {
      if (!matches(change, target)) continue;
      selected.add(index);
      found = true;
    }
    if (!found) throw new SandboxError("usage", `${text}: the session has no pending change there`);
  }
  return selected;
}

interface Target {
  readonly absolute: string;
  readonly workspaces: readonly string[];
}

function toTarget(absolute: string, workspaces: readonly string[]): Target {
  const inside = workspaces.some(
    (workspace) => absolute === workspace || absolute.startsWith(`${workspace}/`),
  );
  if (!inside)
    throw new SandboxError("usage", `${absolute} lies outside every workspace of the session`, {
      hint: `its workspaces: ${workspaces.join(", ")}`,
    });
  return { absolute, workspaces };
}

function matches(change: Change, target: Target): boolean {
  const file = hostPath(target.workspaces, change);
  return file === target.absolute || file.startsWith(`${target.absolute}/`);
}

/** The host path of a change, as a string (see `RelPath` for bytes that are not UTF-8). */
export function hostPath(
  workspaces: readonly string[],
  change: Pick<Change, "workspace" | "path">,
): string {
  const workspace = workspaces[change.workspace] ?? "";
  return change.path === "" ? workspace : `${workspace}/${change.path}`;
}
