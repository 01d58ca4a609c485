import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../../core/error.js";

/**
 * Path of a program that is shipped as a file, `stage.pl` or `init.pl`: next to the bundle in `dist/sandbox`, next to the source, or, for what `tsc` made in
 * `dist/<any>/src/engine/oci`, in the source tree above it.
 */
export function findScript(name: "stage.pl" | "init.pl"): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const beside = path.join(here, name);
  if (existsSync(beside)) return beside;
  for (let at = here; at !== "/"; at = path.dirname(at)) {
    const inSource = path.join(at, "src", "engine", "oci", name);
    if (existsSync(inSource)) return inSource;
  }
  throw new SandboxError("sandbox-unavailable", `${beside} is missing`, {
    hint: "the installation is damaged: install or build it again",
  });
}
