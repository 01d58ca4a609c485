import type { SandboxSpec } from "../../core/sandbox-spec.js";
import type { Engine, RunningSandbox, StartOptions } from "../engine.js";
import type { DockerEngineOptions } from "./docker-engine-options.js";
import { type Daemon, openDaemon } from "./open-daemon.js";
import { startContainer } from "./start-container.js";

/** The engine for people whose world is Docker: containers of a daemon, local or remote. */
export function openDockerEngine(options: DockerEngineOptions): Engine {
  let daemon: Promise<Daemon> | undefined;
  // A daemon that did not answer is asked again the next time.
  const connect = (): Promise<Daemon> => {
    daemon ??= openDaemon(options.daemon, { cacheDir: options.cacheDir }).catch(
      (error: unknown) => {
        daemon = undefined;
        throw error;
      },
    );
    return daemon;
  };
  return {
    name: "docker",
    daemon: options.daemon.address,
    async start(spec: SandboxSpec, startOptions: StartOptions): Promise<RunningSandbox> {
      const engine = options;
      return startContainer({ spec, options: startOptions, engine, daemon: await connect() });
    },
    async resolveImage(reference) {
      const { resolveImage } = await import("./resolve-image.js");
      return resolveImage(await connect(), reference);
    },
    async settle(left) {
      const { settleContainers } = await import("./settle-containers.js");
      return settleContainers(connect, options, left);
    },
    async abandon(left) {
      const { abandonContainers } = await import("./settle-containers.js");
      return abandonContainers(connect, options, left);
    },
    async prune(asked) {
      const { pruneContainers } = await import("./prune-containers.js");
      return pruneContainers(await connect(), options, asked);
    },
    async probe() {
      const { probeDocker } = await import("./probe-docker.js");
      return probeDocker(options, connect, openDockerEngine(options));
    },
  };
}
