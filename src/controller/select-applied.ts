import { readApplied } from "../commit/read-applied.js";
import type { WorkspacePath } from "../commit/close-rollback.js";
import { SandboxError } from "../core/error.js";
import { isWithin, parseRelPath } from "../core/path.js";
import type { CommitRecord } from "../core/session.js";
import type { Controller } from "./controller.js";

/**
 * PATHs of a person → places in the workspaces of a commit. Throws `usage` for one outside every workspace, and for one at or below
 * which the commit wrote nothing. None: undefined, which is all of the commit.
 */
export function selectApplied(
  controller: Pick<Controller, "store" | "resolvePath">,
  of: CommitRecord,
  texts: readonly string[],
): readonly WorkspacePath[] | undefined {
  if (texts.length === 0) return undefined;
  const written = readApplied(controller.store.commitDir(of.commit));
  return texts.map((text) => {
    const place = toPlace(of, controller.resolvePath(text));
    const isWritten = written.some(
      (one) => one.workspace === place.workspace && isWithin(one.path, place.path),
    );
    if (!isWritten)
      throw new SandboxError("usage", `${text}: commit ${of.commit} wrote nothing there`, {
        hint: `\`sandbox rollback ${of.commit} --dry-run\` lists its paths`,
      });
    return place;
  });
}

function toPlace(of: CommitRecord, absolute: string): WorkspacePath {
  for (const [workspace, root] of of.workspaces.entries()) {
    if (absolute === root) return { workspace, path: parseRelPath("") };
    if (absolute.startsWith(`${root}/`))
      return { workspace, path: parseRelPath(absolute.slice(root.length + 1)) };
  }
  throw new SandboxError("usage", `${absolute} lies outside every workspace of the commit`, {
    hint: `its workspaces: ${of.workspaces.join(", ")}`,
  });
}
