import {
  accessSync,
  constants,
  lstatSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import { isInside, STANDARD_PATH } from "../core/system-path.js";
import type { CommandFacts } from "../policy/commands/apply-rule.js";

/** Where a command would run. All paths absolute and real. */
export interface CommandPlace {
  readonly cwd: string;
  readonly workspaces: readonly string[];
  /** The upperdirs of a session that has layers already, by workspace. */
  readonly uppers: readonly string[];
  /** The invoker's PATH. */
  readonly path: string;
  /** Then programs are the image's, and nothing is known of them. */
  readonly hasImage: boolean;
}

/** Looks at this machine for what rules on commands ask. What cannot be told is told as what is denied. */
export function toCommandFacts(place: CommandPlace): CommandFacts {
  return {
    resolveProgram: (name) => resolveProgram(name, place),
    resolvePath: (text) => resolvePath(text, place),
  };
}

function resolveProgram(
  name: string,
  place: CommandPlace,
): ReturnType<CommandFacts["resolveProgram"]> {
  if (place.hasImage || name === "") return undefined;
  const candidates = name.includes("/")
    ? [path.resolve(place.cwd, name)]
    : [...place.path.split(":"), ...STANDARD_PATH]
        .filter((directory) => directory.startsWith("/") && !isInWorkspace(directory, place))
        .map((directory) => path.join(directory, name));
  for (const candidate of candidates) {
    const real = toExecutable(candidate);
    if (real !== undefined)
      return {
        path: real,
        inWorkspace: [real, candidate].some((file) => isInWorkspace(file, place)),
      };
  }
  return undefined;
}

function toExecutable(file: string): string | undefined {
  try {
    const real = realpathSync(file);
    if (!statSync(real).isFile()) return undefined;
    accessSync(real, constants.X_OK);
    return real;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}

function isInWorkspace(file: string, { workspaces }: CommandPlace): boolean {
  return workspaces.some((workspace) => isInside(file, workspace));
}

const MOST_LINKS = 40;

/** Component by component, as the kernel walks: `link/..` is the directory above the link's target. */
function resolvePath(text: string, place: CommandPlace): ReturnType<CommandFacts["resolvePath"]> {
  const lost = { place: "outside", escapes: true } as const;
  if (text === "" || text.includes("\0")) return lost;
  const walk = { at: text.startsWith("/") ? "/" : place.cwd, links: 0, escapes: false };
  const parts = text.split("/").toReversed();
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const target = step(walk, part, place);
    if (target === "unknown" || walk.links > MOST_LINKS) return lost;
    if (target !== undefined) parts.push(...target.split("/").toReversed());
  }
  return { place: isInWorkspace(walk.at, place) ? "workspace" : "outside", escapes: walk.escapes };
}

/** One component further; the target of a link that is to be walked instead. */
function step(
  walk: { at: string; links: number; escapes: boolean },
  part: string,
  place: CommandPlace,
): string | undefined {
  if (part === "" || part === ".") return undefined;
  const next = part === ".." ? path.dirname(walk.at) : path.join(walk.at, part);
  const target = part === ".." ? undefined : readLink(next, place);
  if (target === undefined) {
    walk.at = next;
    return undefined;
  }
  walk.links += 1;
  if (isInWorkspace(next, place) && !isInWorkspace(path.resolve(walk.at, target), place))
    walk.escapes = true;
  if (target.startsWith("/")) walk.at = "/";
  return target;
}

/** What a link says; `unknown` where the task itself could have made it. */
function readLink(file: string, place: CommandPlace): string | undefined {
  for (const [at, workspace] of place.workspaces.entries()) {
    const upper = place.uppers[at];
    if (upper === undefined || !isInside(file, workspace)) continue;
    const changed = readUpper(path.join(upper, path.relative(workspace, file)));
    if (changed?.isSymbolicLink() === true) return "unknown";
    if (changed?.isDirectory() === true) return undefined;
  }
  try {
    return readlinkSync(file);
  } catch (error) {
    if (hasErrno(error, "EINVAL", "ENOENT", "ENOTDIR", "EACCES", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}

function readUpper(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    if (hasErrno(error, "ENOTDIR", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}
