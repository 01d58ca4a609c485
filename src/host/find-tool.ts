import { realpathSync, statSync } from "node:fs";
import { hasErrno, SandboxError } from "../core/error.js";
import { isSystemPath } from "../core/system-path.js";
import { isCredentialPath } from "./credential-names.js";
import { findInstallPrefix, isTooWide, type PrefixOptions } from "./install-prefix.js";

/**
 * What `--tool` shows: a directory itself, a file's install prefix, with symlinks resolved; nothing for what is there
 * anyway (with an image the host's system directories are not). A person asks for it, so a directory may hold whatever it holds; but a home, what lies above one and
 * credential stores are refused with `usage` (`--ro` is for showing data).
 */
export function findTool(
  tool: string,
  options: PrefixOptions & { readonly hasImage?: boolean },
): readonly string[] {
  const real = resolveTool(tool);
  if (isSystemPath(real)) return options.hasImage === true ? [real] : [];
  if (isTooWide(real, options))
    throw new SandboxError("usage", `--tool ${tool}: it holds more than a tool`, {
      hint: "name the directory of the tool itself",
    });
  if (isCredentialPath(real))
    throw new SandboxError("usage", `--tool ${tool}: programs keep credentials there`, {
      hint: `--ro ${real} shows it, if that is what you want`,
    });
  return statSync(real).isDirectory() ? [real] : [findInstallPrefix(real, options).root];
}

function resolveTool(tool: string): string {
  try {
    return realpathSync(tool);
  } catch (error) {
    if (!hasErrno(error, "ENOENT", "ENOTDIR", "EACCES", "ELOOP")) throw error;
    throw new SandboxError("usage", `--tool: there is no ${tool}`, { cause: error });
  }
}
