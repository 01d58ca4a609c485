import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../../core/error.js";

const NAME = "stage.pl";

/**
 * Path of the stage program: next to the bundle in `dist/sandbox`, next to the source, or, for what `tsc` made in
 * `dist/<any>/src/engine/oci`, in the source tree above it.
 */
export function findStage(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const beside = path.join(here, NAME);
  if (existsSync(beside)) return beside;
  for (let at = here; at !== "/"; at = path.dirname(at)) {
    const inSource = path.join(at, "src", "engine", "oci", NAME);
    if (existsSync(inSource)) return inSource;
  }
  throw new SandboxError("sandbox-unavailable", `${beside} is missing`, {
    hint: "the installation is damaged: install or build it again",
  });
}
