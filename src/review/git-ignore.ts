import { parentPath, type RelPath } from "../core/path.js";
import { matchesGlob } from "./wildmatch.js";

/** One pattern of an ignore file. `segments` holds globs of components; `**` stands for any number. */
interface IgnorePattern {
  readonly segments: readonly string[];
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
}

/** True when git would ignore the path. */
export type IgnorePredicate = (path: RelPath, isDirectory: boolean) => boolean;

/**
 * gitignore(5) for one workspace. `files` maps a directory to the text of its `.gitignore`; for `""`
 * put `.git/info/exclude` before it. Give the texts as they are on the host, never as the task left
 * them: the task must not choose what is folded away. Git's index is not read, so a tracked file in
 * an ignored directory counts as ignored.
 */
export function toIgnorePredicate(files: ReadonlyMap<RelPath, string>): IgnorePredicate {
  const patterns = new Map<string, readonly IgnorePattern[]>();
  for (const [directory, text] of files) patterns.set(directory, parseIgnorePatterns(text));
  const directories = new Map<RelPath, boolean>();
  const isIgnored = (path: RelPath, isDirectory: boolean): boolean => {
    if (path === "") return false;
    const known = isDirectory ? directories.get(path) : undefined;
    if (known !== undefined) return known;
    const parent = parentPath(path);
    // "It is not possible to re-include a file if a parent directory of that file is excluded."
    const ignored =
      (parent !== undefined && isIgnored(parent, true)) || decide(patterns, path, isDirectory);
    if (isDirectory) directories.set(path, ignored);
    return ignored;
  };
  return patterns.size === 0 ? () => false : isIgnored;
}

/** The last matching pattern of the nearest ignore file decides. */
function decide(
  patterns: ReadonlyMap<string, readonly IgnorePattern[]>,
  path: RelPath,
  isDirectory: boolean,
): boolean {
  for (let base = parentPath(path); base !== undefined; base = parentPath(base)) {
    const relative = base === "" ? path : path.slice(base.length + 1);
    const parts = relative.split("/");
    const hit = patterns
      .get(base)
      ?.findLast(
        (pattern) =>
          (isDirectory || !pattern.directoriesOnly) && matchSegments(pattern.segments, parts),
      );
    if (hit !== undefined) return !hit.negated;
  }
  return false;
}

function parseIgnorePatterns(text: string): readonly IgnorePattern[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  return lines.map(parseIgnorePattern).filter((pattern) => pattern !== undefined);
}

function parseIgnorePattern(line: string): IgnorePattern | undefined {
  let glob = stripTrailingSpaces(line.replace(/\r$/, ""));
  if (glob === "" || glob.startsWith("#")) return undefined;
  const negated = glob.startsWith("!");
  if (negated) glob = glob.slice(1);
  const directoriesOnly = glob.endsWith("/");
  if (directoriesOnly) glob = glob.slice(0, -1);
  const anchored = glob.includes("/");
  if (glob.startsWith("/")) glob = glob.slice(1);
  if (glob === "" || /(?<!\\)(\\\\)*\\$/.test(glob)) return undefined;
  const segments = glob.split("/").flatMap(toSegments);
  return { segments: anchored ? segments : ["**", ...segments], negated, directoriesOnly };
}

/** A slash may be quoted as any character may. Behind `**` a quoted one is not the `/` that may match nothing. */
function toSegments(part: string, index: number, parts: readonly string[]): readonly string[] {
  const quotesSlash = index < parts.length - 1 && /(?<!\\)(\\\\)*\\$/.test(part);
  // Git's wildmatch takes any further stars for nothing more.
  if (!quotesSlash) return [/^\*{3,}$/.test(part) ? "**" : part];
  const segment = part.slice(0, -1).replace(/^\*{3,}$/, "**");
  return segment === "**" ? ["**", "*"] : [segment];
}

/** "Trailing spaces are ignored unless they are quoted with backslash." */
function stripTrailingSpaces(line: string): string {
  const trimmed = line.replace(/ +$/, "");
  const backslashes = /\\*$/.exec(trimmed)?.[0].length ?? 0;
  return backslashes % 2 === 1 && trimmed.length < line.length ? `${trimmed} ` : trimmed;
}

/** Walks the components as a set of places: one for each number of components taken so far. */
function matchSegments(globs: readonly string[], parts: readonly string[]): boolean {
  let places: readonly number[] = [0];
  for (const [index, glob] of globs.entries()) {
    const isLast = index === globs.length - 1;
    places =
      glob === "**"
        ? skipAny(places, { isLast, end: parts.length })
        : places.filter((at) => at < parts.length && matchesGlob(glob, parts[at] ?? "")).map(next);
    if (places.length === 0) return false;
  }
  return places.includes(parts.length);
}

/** `**` takes any number of components, at the end of a pattern at least one. */
function skipAny(
  places: readonly number[],
  o: { readonly isLast: boolean; readonly end: number },
): readonly number[] {
  const from = Math.min(...places) + (o.isLast ? 1 : 0);
  return Array.from({ length: Math.max(0, o.end + 1 - from) }, (_, i) => from + i);
}

function next(at: number): number {
  return at + 1;
}
