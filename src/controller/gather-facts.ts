import { accessSync, constants, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { parseRelPath, type RelPath } from "../core/path.js";
import { checkWorkspace } from "../overlay/check-workspace.js";
import type { HiddenPath } from "../policy/resolve-mounts.js";
import { isInside } from "../core/system-path.js";
import type { Controller, FoundTool, Ids } from "./controller.js";
import { expandPaths } from "./expand-paths.js";
import type { RunRequest } from "./run-request.js";

/** What a run rests on, resolved and checked before anything is created. */
export interface RunFacts {
  readonly workspaces: readonly string[];
  readonly owners: readonly Ids[];
  readonly task: Ids & { readonly name: string };
  readonly tool: FoundTool;
  readonly toolPrefixes: readonly string[];
  /** Directories of `--tool` that hold programs. */
  readonly toolPaths: readonly string[];
  readonly readOnly: readonly string[];
  readonly hide: readonly HiddenPath[];
  /** By workspace: the paths in it that are mounted over. */
  readonly covered: readonly (readonly RelPath[])[];
}

/** Looks at the host for what `request` names. Throws `usage` or `command-not-found`; creates nothing. */
export function gatherFacts(
  controller: Controller,
  request: RunRequest,
  workspaces: readonly string[],
): RunFacts {
  const { cwd, host, personHome, stateHome } = controller;
  for (const workspace of workspaces)
    checkWorkspace(workspace, {
      stateHome,
      homeDir: personHome,
      others: workspaces.filter((other) => other !== workspace),
    });
  const readOnly = expandPaths(request.readOnly, { option: "--ro", cwd });
  const hide = [
    ...expandPaths(request.hide, { option: "--hide", cwd }).map(toHidden),
    ...(request.masked ?? []).map((file): HiddenPath => ({ path: file, type: "file" })),
  ];
  const owners = workspaces.map((workspace) => {
    const { uid, gid } = statSync(workspace);
    return { uid, gid };
  });
  const task = host.chooseTaskIds({
    workspaceOwners: owners,
    self: controller.self,
    env: controller.env,
  });
  const keepOut = [stateHome];
  const toolPrefixes = expandPaths(request.tools, { option: "--tool", cwd }).flatMap((file) =>
    host.findTool(file, { home: personHome, keepOut, hasImage: request.image !== undefined }),
  );
  const shown = [...toolPrefixes, ...readOnly];
  return {
    workspaces,
    owners,
    task,
    tool: findCommand(controller, request, { workspaces, shown }),
    toolPrefixes,
    toolPaths: toolPrefixes.flatMap(toProgramDirectory),
    readOnly,
    hide,
    covered: workspaces.map((workspace) =>
      coveredIn(workspace, [
        ...readOnly,
        ...hide.map((hidden) => hidden.path),
        ...(request.scratch ?? []),
      ]),
    ),
  };
}

/** An image has programs of its own: the host's are not looked at. */
function findCommand(
  { cwd, host, invokerPath, personHome, stateHome }: Controller,
  { command, image }: RunRequest,
  at: { readonly workspaces: readonly string[]; readonly shown: readonly string[] },
): FoundTool {
  const [name = ""] = command;
  if (image !== undefined) return { path: name, prefixes: [], pathEntries: [], env: {} };
  const place = { path: invokerPath, cwd, home: personHome, keepOut: [stateHome] };
  return host.findProgram(name, { ...place, ...at });
}

/** The workspaces that `--dir` names, every symlink resolved; the current directory where it names none. */
export function resolveWorkspaces(
  controller: Pick<Controller, "cwd">,
  dirs: readonly string[],
): readonly string[] {
  const asked = dirs.length === 0 ? [controller.cwd] : dirs;
  const resolved = asked.map((dir) => realDirectory(dir, controller.cwd));
  return resolved.filter((dir, index) => resolved.indexOf(dir) === index);
}

/** Every symlink resolved: the workspace is mounted where it really lies. */
function realDirectory(dir: string, cwd: string): string {
  if (dir === "") throw new SandboxError("usage", "--dir: an empty path");
  const absolute = path.resolve(cwd, dir);
  try {
    const real = realpathSync(absolute);
    if (statSync(real).isDirectory()) accessSync(real, constants.R_OK | constants.X_OK);
    return real;
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    throw new SandboxError("usage", `--dir: there is no directory ${absolute} that can be read`, {
      cause: error,
    });
  }
}

/** `bin` in the tool's directory, or that directory where it is the one of the programs. */
function toProgramDirectory(prefix: string): readonly string[] {
  const bin = path.join(prefix, "bin");
  if (statSync(bin, { throwIfNoEntry: false })?.isDirectory() === true) return [bin];
  return statSync(prefix).isDirectory() ? [prefix] : [path.dirname(prefix)];
}

function toHidden(file: string): HiddenPath {
  return { path: file, type: statSync(file).isDirectory() ? "dir" : "file" };
}

function coveredIn(workspace: string, paths: readonly string[]): readonly RelPath[] {
  return paths
    .filter((file) => isInside(file, workspace))
    .map((file) => parseRelPath(file.slice(workspace.length + 1)));
}
