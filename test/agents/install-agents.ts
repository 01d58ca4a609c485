import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "../support/project-root.js";

/** The agents as npm has them, pinned by the `package-lock.json` of their folder. */
export interface InstalledAgents {
  /** Directories of their programs, to be put before others in PATH. */
  readonly path: string;
  /** Why the agent of that name is not there: some come as a program for each kind of machine. */
  lacks(agent: string): string | undefined;
}

/** `npm ci` in a directory: once, whoever comes first; its mark is written last. */
const INSTALL =
  '[ -e "$1/installed" ] || { cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 && : >installed; }';

/** Packages that are nothing but a program, below `node_modules`. */
const BINARIES = ["opencode-linux-x64/bin", "@anthropic-ai/claude-code-linux-x64"];

/**
 * Installs the agents of a folder once for each checkout (277 MB; `large-programs`: 1.2 GB), below `$SANDBOX_TEST_CACHE` or `dist/`. Where the registry cannot be
 * reached: a reason to skip, but an error where a machine judges (`CI=true`).
 */
export function installAgents(folder: "programs" | "large-programs"): InstalledAgents | string {
  const programs = path.join(projectRoot, "test", "agents", folder);
  const base = process.env["SANDBOX_TEST_CACHE"] ?? path.join(projectRoot, "dist");
  const dir = path.join(base, folder === "programs" ? "test-agents" : "test-large-agents");
  mkdirSync(dir, { recursive: true });
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(path.join(programs, file), path.join(dir, file));
  const { status, stderr } = spawnSync(
    "flock",
    [path.join(dir, "lock"), "sh", "-c", INSTALL, "sh", dir],
    { encoding: "utf8", timeout: 300_000 },
  );
  if (status === 0) return toInstalled(path.join(dir, "node_modules"));
  const reason = `the agents could not be installed from npm: ${stderr.trim().slice(0, 500)}`;
  if (process.env["CI"] === "true") throw new Error(reason);
  return reason;
}

function toInstalled(modules: string): InstalledAgents {
  const places = [".bin", ...BINARIES].map((place) => path.join(modules, place));
  return {
    path: places.join(":"),
    lacks: (agent) =>
      places.some((place) => existsSync(path.join(place, agent)))
        ? undefined
        : `no build of ${agent} for this machine`,
  };
}
