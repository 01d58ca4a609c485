import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { hasErrno, SandboxError } from "../core/error.js";
import type { RelPath } from "../core/path.js";
import { openFileOps } from "./confined-calls.js";
import type { At, FileOps } from "./confined-ops.js";
import { openConfinedRoot } from "./confined-root.js";
import type { FileStat } from "./confined-stat.js";
import { type Native, RENAME_NOREPLACE } from "./native.js";

/** A project's directory: no path given to it leads out of it, and no symbolic link is followed. */
export interface ProjectDirectory extends Disposable {
  /** What lies at `path`; undefined where nothing does, or only behind a symbolic link. */
  typeOf(path: RelPath): FileStat["type"] | undefined;
  /** Names at its top. */
  names(): readonly string[];
  /**
   * Makes the file `name` at its top, whole and durable, mode 0644, the directory's owner where root does it. False where something has that name
   * and `replace` is not asked for. Throws `usage` where what is to be replaced is no file.
   */
  put(name: string, text: string, o: { readonly replace: boolean }): boolean;
}

/** Opens it by its absolute path, of which no component may be a symbolic link. */
export function openProjectDirectory(directory: string, native: Native): ProjectDirectory {
  const ops = openFileOps(native);
  const root = openConfinedRoot(directory, { ops, strict: true });
  return {
    typeOf: (path) => {
      const found = root.find(path);
      return typeof found === "string" ? undefined : found.type;
    },
    names: () => root.list("" as RelPath),
    put: (name, text, { replace }) => {
      const to = root.at(name as RelPath);
      const stat = ops.stat(to);
      if (stat !== undefined && !replace) return false;
      if (stat !== undefined && stat.type !== "file")
        throw new SandboxError("usage", `${directory}/${name}: it is a ${stat.type}, not a file`, {
          hint: "look at it and remove it",
        });
      return putFile(ops, to, { text, replace, owner: ops.stat(root.at("" as RelPath)) });
    },
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

function putFile(
  ops: FileOps,
  to: At,
  file: { readonly text: string; readonly replace: boolean; readonly owner: FileStat | undefined },
): boolean {
  const from = { ...to, name: `${to.name}.${randomBytes(6).toString("hex")}.tmp` };
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const fd = ops.openFile(from, O_WRONLY | O_CREAT | O_EXCL);
  try {
    try {
      ops.write(fd, Buffer.from(file.text));
      ops.syncAll(fd);
    } finally {
      ops.close(fd);
    }
    if (process.getuid?.() === 0 && file.owner !== undefined) ops.setOwner(from, file.owner);
    ops.setMode(from, 0o644);
    ops.rename(from, to, file.replace ? 0 : RENAME_NOREPLACE);
    return true;
  } catch (error) {
    ops.unlink(from);
    if (hasErrno(error, "EEXIST")) return false;
    throw error;
  }
}
