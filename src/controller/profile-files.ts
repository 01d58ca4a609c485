import { constants, closeSync, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";
import { PROJECT_PROFILE } from "../policy/profile/project-profile.js";
import type {
  FindProfile,
  ProfileLayer,
  ProfileSource,
} from "../policy/profile/resolve-profile.js";

/** Where profiles lie, by layer. */
export interface ProfilePlaces {
  /** The build's `profiles/`. */
  readonly builtIn: string;
  /** `/etc/sandbox`. */
  readonly administrator: string;
  /** `$XDG_CONFIG_HOME/sandbox`. */
  readonly user: string;
  /** Whose files may be believed besides root's. */
  readonly uid: number;
}

const MOST_BYTES = 256 * 1024;
/** From the highest layer down. */
const LAYERS = ["user", "administrator", "built-in"] as const;

/** Finds `NAME.yaml` in the layers. Throws `usage` for a file that somebody else could have written. */
export function createFindProfile(places: ProfilePlaces): FindProfile {
  return (name, below) => {
    for (const layer of layersBelow(below)) {
      const file = path.join(toDirectory(places, layer), `${name}.yaml`);
      const text = readTrusted(file, layer === "built-in" ? undefined : places.uid);
      if (text === undefined) continue;
      return { layer, name, text, file: layer === "built-in" ? `built-in:${name}` : file };
    }
    return undefined;
  };
}

/** Whether a layer above the built-in one has its own `default`. Cheap: nothing is read. */
export function hasOwnDefault(places: ProfilePlaces): boolean {
  return [places.user, places.administrator].some((dir) => exists(path.join(dir, "default.yaml")));
}

/** The workspaces that have a profile of their project. Cheap: nothing is read. */
export function findProjectFiles(workspaces: readonly string[]): readonly string[] {
  return workspaces.map((workspace) => path.join(workspace, PROJECT_PROFILE)).filter(exists);
}

/** A profile named by its path on the command line, or a project's. Throws `usage`. */
export function readProfileFile(file: string): ProfileSource {
  const text = readRegular(file)?.text;
  if (text === undefined) throw new SandboxError("usage", `--profile: there is no ${file}`);
  return { layer: "file", file, text };
}

function layersBelow(below: ProfileLayer | undefined): readonly (typeof LAYERS)[number][] {
  return below === undefined || below === "file" ? LAYERS : LAYERS.slice(LAYERS.indexOf(below) + 1);
}

function toDirectory(places: ProfilePlaces, layer: (typeof LAYERS)[number]): string {
  return layer === "built-in" ? places.builtIn : places[layer];
}

/** What others may write is no policy. Undefined: there is no such file. Throws `usage`. */
export function readTrusted(file: string, uid: number | undefined): string | undefined {
  const read = readRegular(file);
  if (read === undefined) return undefined;
  const isOurs = uid === undefined || read.uid === 0 || read.uid === uid;
  if (isOurs && (uid === undefined || (read.mode & 0o022) === 0)) return read.text;
  throw new SandboxError("usage", `${file}: somebody else can write it`, {
    hint: `a profile belongs to you or root, and to nobody else to write: chmod go-w ${file}`,
  });
}

interface ReadFile {
  readonly text: string;
  readonly uid: number;
  readonly mode: number;
}

function readRegular(file: string): ReadFile | undefined {
  const descriptor = openRegular(file);
  if (descriptor === undefined) return undefined;
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new SandboxError("usage", `${file}: it is not a file`);
    if (stat.size > MOST_BYTES) throw new SandboxError("usage", `${file}: too long for a profile`);
    return { text: decode(readFileSync(descriptor), file), uid: stat.uid, mode: stat.mode };
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined: there is no such file. */
function openRegular(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    if (!hasErrno(error, "EACCES", "ELOOP", "ENXIO")) throw error;
    const reason = hasErrno(error, "ELOOP") ? "it is a symbolic link" : "it cannot be read";
    throw new SandboxError("usage", `${file}: ${reason}`, { cause: error });
  }
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SandboxError("usage", `${file}: it is not UTF-8`, { cause: error });
  }
}

/** What may not be looked at counts as there: whoever reads it is told so. */
export function exists(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (hasErrno(error, "ENOTDIR", "ENAMETOOLONG")) return false;
    if (hasErrno(error, "EACCES")) return true;
    throw error;
  }
}
