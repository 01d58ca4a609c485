import { after, before, describe } from "node:test";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import {
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { openTempDir } from "../support/temp-tree.js";
import type { Lacks } from "./case-test.js";
import { describeEngine } from "./engine-suite.js";
import { describeNetworkRefusal } from "./suite-network.js";

/** The suite with a runtime of a daemon of this machine. */
export function describeDockerEngine(
  runtime: "runc" | "runsc",
  options: {
    readonly lacks: Lacks;
    readonly isOneOfMany?: boolean;
    /** Why it has no network with a gateway. */
    readonly noGateway?: RegExp;
  },
): void {
  const name = `docker engine with ${runtime}`;
  describe(`${name}, on a daemon of the tests' own`, { skip: skipWithoutDocker() }, () => {
    const home = openTempDir();
    let docker: PrivateDocker;
    const open = () => openTestDockerEngine({ home: home.path, env: docker.env, runtime });
    before(async () => {
      docker = await openPrivateDocker();
    });
    after(async () => {
      await clearEngine(open());
      await docker[Symbol.asyncDispose]();
      home[Symbol.dispose]();
    });
    describeEngine(name, open, options);
    if (options.noGateway !== undefined) describeNetworkRefusal(name, open, options.noGateway);
  });
}
