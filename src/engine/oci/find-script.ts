import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { SandboxError } from "../../core/error.js";

/** Programs that are shipped as files, and the folder of `src/engine` that has them. */
const SCRIPTS = {
  "stage.pl": "oci",
  "init.pl": "oci",
  "listen.pl": "oci",
  "run-task.pl": "oci",
  "announce.pl": "docker",
  "helper.pl": "docker",
} as const;

/**
 * Path of a program that is shipped as a file: next to the bundle in `dist/sandbox`, next to the source, or, for what `tsc` made in
 * `dist/<any>/src/engine/…`, in the source tree above it.
 */
export function findScript(name: keyof typeof SCRIPTS): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const beside = path.join(here, name);
  if (existsSync(beside)) return beside;
  for (let at = here; at !== "/"; at = path.dirname(at)) {
    const inSource = path.join(at, "src", "engine", SCRIPTS[name], name);
    if (existsSync(inSource)) return inSource;
  }
  throw new SandboxError("sandbox-unavailable", `${beside} is missing`, {
    hint: "the installation is damaged: install or build it again",
  });
}
