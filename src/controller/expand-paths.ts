import { lstatSync, readdirSync, realpathSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../core/error.js";

/**
 * Resolves the paths of `option` against `cwd`. A component may hold `*` and `?` (never `/`, and a leading
 * dot only where the pattern has it, as in a shell). A pattern may match nothing; a plain path must be there:
 * a typing error that hid nothing would be worse than an error. What comes back has no symlinks: a mount
 * over one would land on its target.
 * Throws `usage` naming the path.
 */
export function expandPaths(
  patterns: readonly string[],
  at: { readonly option: string; readonly cwd: string },
): readonly string[] {
  return patterns.flatMap((pattern) => {
    if (pattern === "") throw new SandboxError("usage", `${at.option}: an empty path`);
    const absolute = path.resolve(at.cwd, pattern);
    if (!/[*?]/.test(pattern)) return [resolveExisting(absolute, at.option)];
    return expandPattern(absolute).map(realPath);
  });
}

/** `absolute` with every symlink above its last component resolved, as far as it is there. */
export function resolvePath(absolute: string): string {
  try {
    return path.join(realpathSync(path.dirname(absolute)), path.basename(absolute));
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    return path.join(resolvePath(path.dirname(absolute)), path.basename(absolute));
  }
}

function resolveExisting(absolute: string, option: string): string {
  if (!exists(absolute)) throw new SandboxError("usage", `${option}: there is no ${absolute}`);
  return realPath(absolute);
}

/** A link that leads nowhere stays as it is. */
function realPath(absolute: string): string {
  try {
    return realpathSync(absolute);
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ELOOP")) return resolvePath(absolute);
    throw error;
  }
}

function expandPattern(absolute: string): readonly string[] {
  const parts = absolute.split("/").slice(1);
  let found: readonly string[] = ["/"];
  for (const part of parts)
    found = found.flatMap((directory) =>
      /[*?]/.test(part) ? matchNames(directory, part) : [path.join(directory, part)],
    );
  return found.filter(exists);
}

function matchNames(directory: string, part: string): readonly string[] {
  const escaped = part.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  const expression = new RegExp(
    `^${escaped.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`,
    "s",
  );
  try {
    return readdirSync(directory)
      .filter((name) => expression.test(name) && (part.startsWith(".") || !name.startsWith(".")))
      .map((name) => path.join(directory, name));
  } catch (error) {
    if (hasErrno(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
