import { readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";
import type { SandboxSpec } from "../../core/sandbox-spec.js";

/**
 * The text of the profile that `spec` names, in Docker's format. Throws `sandbox-unavailable` where there is none: there is no run without
 * a filter.
 */
export function readSeccompProfile(
  profilesDir: string,
  { seccomp, isWrittenNoexec }: Pick<SandboxSpec, "seccomp" | "isWrittenNoexec">,
): string {
  const text = readProfile(path.join(profilesDir, "seccomp", `${seccomp}.json`));
  return isWrittenNoexec === true ? withoutMemoryFiles(text) : text;
}

function readProfile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new SandboxError("sandbox-unavailable", `seccomp profile ${file} is missing`, {
      cause: error,
    });
  }
}

/** Files that lie on no mount of ours, so that no mount's noexec holds for them (memfd_create(2), memfd_secret(2)). */
const MEMORY_FILES: ReadonlySet<string> = new Set(["memfd_create", "memfd_secret"]);

/** What no rule names is unknown to the task (ENOSYS), and programs do without. */
function withoutMemoryFiles(text: string): string {
  const profile = JSON.parse(text) as { readonly syscalls: readonly { names: string[] }[] };
  const syscalls = profile.syscalls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => !MEMORY_FILES.has(name)) }))
    .filter(({ names }) => names.length > 0);
  return JSON.stringify({ ...profile, syscalls });
}
