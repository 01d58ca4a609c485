import { existsSync } from "node:fs";
import path from "node:path";
import { isInside, isOwnPath, isSystemPath } from "../core/system-path.js";
import { holdsCredentials, isCredentialPath } from "./credential-names.js";
import { findToolRoot, homeOf, type ToolRoot } from "./tool-roots.js";

/** What must be mounted for one file to run. */
export interface InstallPrefix extends ToolRoot {
  /** `tool`: a directory known to hold nothing but a tool; `package`: found by what lies around; `file`: the file alone. */
  readonly kind: "tool" | "package" | "file";
}

/** Directories that must not be shown, whatever lies in them. */
export interface PrefixOptions {
  readonly home: string;
  /** E.g. `$SANDBOX_HOME`. */
  readonly keepOut?: readonly string[];
}

/** Files that mark the root of a package. */
const MARKERS = ["package.json", "pyvenv.cfg", "conda-meta"];
/** Directories of executables of many tools, below a home: only the one file is shown. */
const SHARED_BIN = /^(?:\.local\/bin|bin|\.bin)$/;
const BIN_NAMES: ReadonlySet<string> = new Set(["bin", "sbin", "libexec", "shims", ".bin"]);
/** What lies beside `bin` where a program was installed, and not beside a person's own `bin`. */
const INSTALLED = ["lib", "lib64", "libexec", "share", "include"];

/**
 * The nearest directory that `file` (absolute, without symlinks) needs to run from: a tool's root, the outermost
 * `node_modules`, a package's root, an installation with `bin` and `lib`, else the directory it lies in. Never a
 * home or a folder of a person's files in it, a directory above one, a top directory of the filesystem, or
 * one that holds credentials: then the next narrower one, in the end the file alone. For a file that is
 * neither in a system directory nor in a workspace.
 */
export function findInstallPrefix(file: string, options: PrefixOptions): InstallPrefix {
  const tool = findToolRoot(file, options.home);
  if (tool !== undefined && isShowable(tool.root, options)) return { ...tool, kind: "tool" };
  const home = homeOf(file, options.home);
  const directory = path.dirname(file);
  if (home !== undefined && SHARED_BIN.test(path.relative(home, directory))) return toFile(file);
  const modules = modulesRoot(file);
  if (modules !== undefined && !isTooWide(modules, options) && !holdsCredentials(modules))
    return { root: modules, env: {}, kind: "package" };
  const root = [
    shareRoot(file, home),
    markedRoot(directory, options),
    installedRoot(directory),
    ownDirectory(directory, home),
  ].find((candidate) => candidate !== undefined && isShowable(candidate, options));
  return root === undefined ? toFile(file) : { root, env: {}, kind: "package" };
}

/** False for a directory that holds more than programs. */
function isShowable(root: string, options: PrefixOptions): boolean {
  if (isTooWide(root, options)) return false;
  return !isCredentialPath(root) && !holdsCredentials(root);
}

/** True for a home, the directories above one and above what is kept out, and the tops of the filesystem. */
export function isTooWide(root: string, { home, keepOut = [] }: PrefixOptions): boolean {
  if (root.lastIndexOf("/") === 0 || isOwnPath(root) || /^\/home\/[^/]+$/.test(root)) return true;
  if (isSystemPath(root) || isInside(home, root)) return true;
  const base = homeOf(root, home);
  const inHome = base === undefined ? "" : path.relative(base, root);
  if (/^\.(?:local|local\/share|local\/lib|local\/state|cache)$/.test(inHome)) return true;
  return keepOut.some((kept) => isInside(kept, root) || isInside(root, kept));
}

/** `…/node_modules` nearest to the top: packages find one another through it. */
function modulesRoot(file: string): string | undefined {
  const at = file.indexOf("/node_modules/");
  return at < 0 ? undefined : file.slice(0, at + "/node_modules".length);
}

/** `~/.local/share/<tool>` and its like. */
function shareRoot(file: string, home: string | undefined): string | undefined {
  if (home === undefined) return undefined;
  const match = /^\.local\/(?:share|lib|opt|state)\/[^/]+(?=\/)/.exec(file.slice(home.length + 1));
  return match === null ? undefined : path.join(home, match[0]);
}

/** The nearest directory at or above `start` with a package's mark, below whatever is too wide. */
function markedRoot(start: string, options: PrefixOptions): string | undefined {
  for (let root = start; !isTooWide(root, options); root = path.dirname(root))
    if (MARKERS.some((marker) => existsSync(path.join(root, marker)))) return root;
  return undefined;
}

/** The directory that holds `bin`, where it looks like an installation. */
function installedRoot(directory: string): string | undefined {
  if (!BIN_NAMES.has(path.basename(directory))) return undefined;
  const root = path.dirname(directory);
  return INSTALLED.some((name) => existsSync(path.join(root, name))) ? root : undefined;
}

/** The directory itself, but not a first-level folder of a person's files (`~/Downloads`). */
function ownDirectory(directory: string, home: string | undefined): string | undefined {
  if (home === undefined) return directory;
  const inHome = path.relative(home, directory);
  const isFolder = !inHome.includes("/") && !inHome.startsWith(".") && !BIN_NAMES.has(inHome);
  return isFolder ? undefined : directory;
}

function toFile(file: string): InstallPrefix {
  return { root: file, env: {}, kind: "file" };
}
