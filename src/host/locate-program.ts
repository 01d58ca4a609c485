import { accessSync, constants, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { isInside } from "../core/system-path.js";

/** Where a program is looked for. */
export interface SearchOptions {
  /** The invoker's PATH. */
  readonly path: string;
  readonly cwd: string;
  /** Directories of PATH in these are passed over: what a task may have written is not found by name. */
  readonly workspaces: readonly string[];
}

/**
 * The host path of `name`: with a slash it is resolved against the current directory, without one it is looked for on
 * the invoker's PATH. Throws `command-not-found` and `not-executable`.
 */
export function locateProgram(name: string, at: SearchOptions): string {
  if (name === "") throw new SandboxError("usage", "the command is empty");
  if (name.includes("/")) return checkPath(path.resolve(at.cwd, name));
  const found = at.path
    .split(":")
    .filter((entry) => path.isAbsolute(entry))
    .map((entry) => ({ entry, file: path.join(entry, name) }))
    .map((place) => ({ ...place, state: readState(place.file) }))
    .filter(({ state }) => state === "executable" || state === "refused");
  const isOurs = ({ entry }: { entry: string }): boolean => !isInWorkspace(entry, at.workspaces);
  const executable = found.find((place) => place.state === "executable" && isOurs(place));
  if (executable !== undefined) return executable.file;
  const refused = found.find(isOurs);
  if (refused !== undefined) throw toNotExecutable(refused.file);
  throw toNotFound(name, found[0]?.file);
}

function toNotFound(name: string, passedOver: string | undefined): SandboxError {
  return new SandboxError("command-not-found", `${name}: not found on PATH`, {
    hint:
      passedOver === undefined
        ? "give its path, or put its directory on PATH"
        : `${passedOver} is in the workspace, where names are not looked up: give its path`,
  });
}

function checkPath(file: string): string {
  const state = readState(file);
  if (state === "executable") return file;
  if (state !== "absent") throw toNotExecutable(file);
  throw new SandboxError("command-not-found", `${file}: there is no such program`);
}

function readState(file: string): "executable" | "refused" | "directory" | "absent" {
  try {
    const stat = statSync(file);
    if (stat.isDirectory()) return "directory";
    if (!stat.isFile()) return "refused";
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES")) return "absent";
    throw error;
  }
  try {
    accessSync(file, constants.X_OK);
    return "executable";
  } catch (error) {
    if (hasErrno(error, "EACCES", "EPERM")) return "refused";
    throw error;
  }
}

function isInWorkspace(directory: string, workspaces: readonly string[]): boolean {
  const real = realpathSync(directory);
  return workspaces.some(
    (workspace) => isInside(real, workspace) || isInside(directory, workspace),
  );
}

function toNotExecutable(file: string): SandboxError {
  return new SandboxError("not-executable", `${file}: not an executable file`);
}
