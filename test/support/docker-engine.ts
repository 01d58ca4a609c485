import path from "node:path";
import { findDaemon } from "../../src/engine/docker/find-daemon.js";
import { openDockerEngine } from "../../src/engine/docker/open-docker-engine.js";
import type { Engine } from "../../src/engine/engine.js";
import { readProcessStamp } from "../../src/host/process-stamp.js";
import { projectRoot } from "./project-root.js";

/** The docker engine with the daemon that `env` names, keeping what it keeps below `home`. */
export function openTestDockerEngine(o: {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runtime: string;
}): Engine {
  const owner = readProcessStamp();
  if (owner === undefined) throw new Error("/proc does not show this process");
  const daemon = findDaemon({ env: o.env, home: "/nowhere", uid: process.getuid?.() ?? 0 });
  return openDockerEngine({
    ...{ daemon, owner, runtime: o.runtime },
    stateHome: o.home,
    cacheDir: path.join(o.home, "cache"),
    profilesDir: path.join(projectRoot, "profiles"),
  });
}

/** Removes the images, and whatever else, that the engine left with its daemon. */
export async function clearEngine(engine: Engine): Promise<void> {
  await engine.prune({ isKept: () => false, dryRun: false });
}
