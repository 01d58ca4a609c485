import { accessSync, constants } from "node:fs";
import path from "node:path";
import { SandboxError } from "../../core/error.js";

/** Runtimes this engine can drive. */
export type RuntimeName = "crun" | "runc" | "runsc";

/** An OCI runtime program. */
export interface Runtime {
  readonly name: RuntimeName;
  readonly path: string;
}

/** Only root writes there: a runtime is never looked for on the invoker's PATH, which a project may have changed. */
const PROGRAM_DIRECTORIES: readonly string[] = [
  "/usr/bin",
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/local/sbin",
  "/bin",
  "/sbin",
];

/** The wanted runtime, else crun, else runc (runsc only when it is asked for: it is slower). Throws `sandbox-unavailable` where there is none. */
export function findRuntime(wanted: RuntimeName | undefined): Runtime {
  const names: readonly RuntimeName[] = wanted === undefined ? ["crun", "runc"] : [wanted];
  for (const name of names) {
    const found = findSystemProgram(name);
    if (found !== undefined) return { name, path: found };
  }
  throw new SandboxError("sandbox-unavailable", `${names.join(" and ")} not found`, {
    hint: `apt-get install -y --no-install-recommends ${names[0]}`,
  });
}

/** Perl, which runs the stage. Throws `sandbox-unavailable` where there is none. */
export function findPerl(): string {
  const perl = findSystemProgram("perl");
  if (perl !== undefined) return perl;
  throw new SandboxError("sandbox-unavailable", "perl not found", {
    hint: "apt-get install -y --no-install-recommends perl-base",
  });
}

/** Absolute path of an executable in a system directory. */
export function findSystemProgram(name: string): string | undefined {
  return PROGRAM_DIRECTORIES.map((directory) => path.join(directory, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
