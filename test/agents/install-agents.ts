import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../support/project-root.js";

/** The agents as npm has them, pinned by `programs/package-lock.json`. */
export interface InstalledAgents {
  /** Directories of their programs, to be put before others in PATH. */
  readonly path: string;
  /** Absent where there is no build for this machine. */
  readonly hasOpencode: boolean;
}

/** `npm ci` in a directory: once, whoever comes first; its mark is written last. */
const INSTALL =
  '[ -e "$1/installed" ] || { cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && : >installed; }';

/**
 * Installs the agents once for each checkout (277 MB), below `$SANDBOX_TEST_CACHE` or `dist/`. Where the registry cannot be reached: a reason to skip, but an error
 * where a machine judges (`CI=true`).
 */
export function installAgents(): InstalledAgents | string {
  const programs = path.join(projectRoot, "test", "agents", "programs");
  const base = process.env["SANDBOX_TEST_CACHE"] ?? path.join(projectRoot, "dist");
  const dir = path.join(base, "test-agents");
  mkdirSync(dir, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(path.join(programs, file), path.join(dir, file));
  const { status, stderr } = spawnSync(
    "flock",
    [path.join(dir, "lock"), "sh", "-c", INSTALL, "sh", dir],
    { encoding: "utf8", timeout: 300_000 },
  );
  const modules = path.join(dir, "node_modules");
  const opencode = path.join(modules, "opencode-linux-x64", "bin");
  if (status === 0)
    return { path: `${path.join(modules, ".bin")}:${opencode}`, hasOpencode: existsSync(opencode) };
  const reason = `the agents could not be installed from npm: ${stderr.trim().slice(0, 500)}`;
  if (process.env["CI"] === "true") throw new Error(reason);
  return reason;
}
