import { spawnSync } from "node:child_process";
import { openPrivateDocker } from "../support/private-docker.js";
import type { Column } from "./column.js";
import type { Ground } from "./ground.js";
import { openRemoteBackend } from "./remote-backend.js";

/** How the product is told to use a column's engine. */
export interface Backend extends AsyncDisposable {
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sockets of its own on the host, which no task may reach. */
  readonly sockets: readonly string[];
  /** Lets a person with this project, and this directory given as `--ro`, use it. */
  admit(uid: number, places: Pick<Ground, "project" | "shared">): void;
}

/** An id nobody has. */
const OWNER = "54321";

/** Opens what a column needs. Throws where it is not there. */
export async function openBackend({ engine, runtime, who, daemon }: Column): Promise<Backend> {
  const options = ["--engine", engine, "--runtime", runtime];
  if (daemon === "remote") return openRemoteBackend(options);
  if (daemon === "none")
    return {
      ...{ options, env: {}, sockets: [] },
      admit: () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  const docker = await openPrivateDocker();
  return {
    ...{ options, env: docker.env, sockets: [docker.socket] },
    admit: (uid, { project }) => {
      if (who !== "root" && process.getuid?.() === 0) docker.admit(uid);
      // Root's own workspaces are carried to a daemon, as a remote one's are: here it mounts them.
      if (who === "root") spawnSync("chown", ["-hR", `${OWNER}:${OWNER}`, project]);
    },
    [Symbol.asyncDispose]: () => docker[Symbol.asyncDispose](),
  };
}
