import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The build has the profiles beside it; compiled for the tests, they are in the repository. */
export function programRoot(): string {
  let at = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(at, "profiles")) && at !== "/") at = path.dirname(at);
  return realpathSync(at);
}

/** The program as a person starts it: beside the build, or wherever the PATH has it. */
export function findLauncher(): string {
  const own = path.join(programRoot(), "..", "..", "sandbox");
  return existsSync(own) ? own : "sandbox";
}

/** The version of the build; of a compiled checkout that of its package. */
export function readVersion(): string {
  const own = path.join(path.dirname(fileURLToPath(import.meta.url)), "version");
  if (existsSync(own)) return readFileSync(own, "utf8").trim();
  return `${process.env["npm_package_version"] ?? "0.0.0"}-dev`;
}
