import { readFileSync } from "node:fs";
import path from "node:path";
import { hasErrno, SandboxError } from "../../core/error.js";

/** The text of the profile `name`. Throws `sandbox-unavailable` where there is none: there is no run without a filter. */
export function readSeccompProfile(profilesDir: string, name: string): string {
  const file = path.join(profilesDir, "seccomp", `${name}.json`);
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (!hasErrno(error, "ENOENT")) throw error;
    throw new SandboxError("sandbox-unavailable", `seccomp profile ${file} is missing`, {
      cause: error,
    });
  }
}
