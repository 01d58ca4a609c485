import type { SandboxImage, SandboxSpec } from "../../src/core/sandbox-spec.js";
import { findDaemon } from "../../src/engine/docker/find-daemon.js";
import { openDockerEngine } from "../../src/engine/docker/open-docker-engine.js";
import type { Engine } from "../../src/engine/engine.js";
import { readProcessStamp } from "../../src/host/process-stamp.js";
import type { EngineCase } from "./engine-case.js";
import { projectRoot } from "./project-root.js";

/** The docker engine for a daemon elsewhere, with its state in `home`. */
export function openRemoteEngine(o: {
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}): Engine {
  const owner = readProcessStamp();
  if (owner === undefined) throw new Error("no stamp of this process");
  const search = { env: { ...o.env, DOCKER_HOST: o.address }, home: "/nowhere" };
  return openDockerEngine({
    daemon: findDaemon({ ...search, uid: process.getuid?.() ?? 0 }),
    ...{ stateHome: o.home, cacheDir: `${o.home}/cache`, owner },
    profilesDir: `${projectRoot}/profiles`,
  });
}

/** What a process is to start that will be killed, as a value. */
export interface ChildCase {
  readonly home: string;
  readonly scratch: string;
  readonly sandboxId: string;
  readonly spec: SandboxSpec;
}

/** A task that leaves something and then waits. */
export function toChildCase(one: EngineCase, image: SandboxImage, home: string): ChildCase {
  return {
    ...{ home, scratch: one.scratch, sandboxId: "t-killed" },
    spec: {
      argv: ["/bin/sh", "-c", "echo work > w; echo done; exec sleep 1000"],
      ...{ cwd: one.workspace, env: { PATH: "/bin" }, uid: one.uid, gid: one.gid },
      ...{ userName: "tester", home: "/home/tester", mounts: [one.overlay], image },
      ...{ limits: {}, seccomp: "default", network: "none", terminal: false, hostname: "sandbox" },
    },
  };
}
