import { type Dirent, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { hasErrno } from "../core/error.js";
import { exists } from "./profile-files.js";
import type { PathMode, Profile } from "../core/profile.js";
import { isInside } from "../core/system-path.js";
import { type Glob, matchesGlob, mayHold, parseGlob } from "../policy/profile/glob.js";

/** What a profile's paths are on this machine now: absolute, symlinks resolved. */
export interface FoundPaths {
  readonly readonly: readonly string[];
  readonly hidden: readonly string[];
  /** Also paths that are not there yet. */
  readonly scratch: readonly string[];
}

const STRICTNESS: readonly PathMode[] = ["overlay", "scratch", "readonly", "hidden"];

/** What is there of each path of the profile, in its strictest mode; what lies in something as strict is left out. */
export function findProfilePaths(
  { paths }: Pick<Profile, "paths">,
  workspaces: readonly string[],
): FoundPaths {
  const modes = new Map<string, PathMode>();
  for (const { path: text, mode } of paths)
    for (const file of mode === "overlay" ? [] : findPaths(text, mode, workspaces)) {
      const was = modes.get(file) ?? "overlay";
      if (STRICTNESS.indexOf(mode) > STRICTNESS.indexOf(was)) modes.set(file, mode);
    }
  const found = [...modes].filter(([file, mode]) => !isInStricter(file, mode, modes));
  const of = (wanted: PathMode): readonly string[] =>
    found.filter(([, mode]) => mode === wanted).map(([file]) => file);
  return { readonly: of("readonly"), hidden: of("hidden"), scratch: of("scratch") };
}

/** In a hidden directory nothing is left to hide; in a readable one what is hidden still is. */
function isInStricter(file: string, mode: PathMode, modes: ReadonlyMap<string, PathMode>): boolean {
  return [...modes].some(
    ([other, otherMode]) =>
      other !== file &&
      isInside(file, other) &&
      STRICTNESS.indexOf(otherMode) >= STRICTNESS.indexOf(mode),
  );
}

function findPaths(text: string, mode: PathMode, workspaces: readonly string[]): readonly string[] {
  if (text.startsWith("/")) return exists(text) ? [realpathSync(text)] : [];
  return workspaces.flatMap((workspace) => findInWorkspace(workspace, text, mode));
}

/** A path without * and ? may come to be: as scratch it is kept out of every changeset from the start. */
function findInWorkspace(workspace: string, text: string, mode: PathMode): readonly string[] {
  const glob = parseGlob(text);
  if ("wrong" in glob) throw new Error(`not a glob: ${text}`);
  const file = path.join(workspace, text);
  if (!/[*?]/.test(text)) {
    if (mode === "scratch") return [file];
    return exists(file) ? [realInside(file, workspace)] : [];
  }
  return findMatches(workspace, glob).map((name) =>
    realInside(path.join(workspace, name), workspace),
  );
}

/** Where a mount over `file` lands. A link out of the workspace leads where nothing of it is seen anyway. */
function realInside(file: string, workspace: string): string {
  try {
    const real = realpathSync(file);
    return isInside(real, workspace) ? real : file;
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ELOOP", "EACCES")) return file;
    throw error;
  }
}

/** Paths that `glob` matches; nothing below a match is looked at, and no directory that cannot hold one. */
function findMatches(workspace: string, glob: Glob): readonly string[] {
  const found: string[] = [];
  const open = [""];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const above = at === "" ? "" : `${at}/`;
    const entries = readNames(path.join(workspace, at)).map((entry) => ({
      below: `${above}${entry.name}`,
      isDirectory: entry.isDirectory(),
    }));
    const [matches, others] = [entries.filter(isMatch), entries.filter((one) => !isMatch(one))];
    found.push(...matches.map(({ below }) => below));
    open.push(...others.filter(mayBeAbove).map(({ below }) => below));
  }
  return found;

  function isMatch({ below }: { readonly below: string }): boolean {
    return matchesGlob(glob, below);
  }
  function mayBeAbove(entry: { readonly below: string; readonly isDirectory: boolean }): boolean {
    return entry.isDirectory && mayHold(glob, entry.below);
  }
}

function readNames(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}
