import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { skipWithoutDocker } from "../support/private-docker.js";
import { startDockerd } from "../support/start-dockerd.js";
import { openTempDir } from "../support/temp-tree.js";

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? skipWithoutDocker() : "only root starts a daemon of its own";

/** Its own `/etc/subuid` and `/etc/subgid`, in a mount namespace that ends with the daemon. */
const SUBORDINATE =
  'mount --bind "$0" /etc/subuid && mount --bind "$0" /etc/subgid && shift && exec "$@"';

describe("the docker engine on a daemon that remaps users", { skip }, () => {
  it("runs tasks with the ids of this machine, and refuses to carry", async () => {
    using dir = openTempDir();
    const ranges = path.join(dir.path, "ranges");
    writeFileSync(ranges, "nobody:300000:65536\nnogroup:300000:65536\n");
    const daemon = await startDockerd({
      dir: path.join(dir.path, "daemon"),
      args: ["--userns-remap=nobody:nogroup"],
      prefix: [
        ...["unshare", "--mount", "--propagation", "slave"],
        ...["sh", "-c", SUBORDINATE, ranges, "--"],
      ],
    });
    try {
      const home = path.join(dir.path, "home");
      mkdirSync(home);
      const engine = openTestDockerEngine({
        ...{ home, runtime: "runc" },
        env: { DOCKER_HOST: daemon.address },
      });
      using one = openEngineCase(engine, { tree: ["a=1"] });
      const { outcome, stdout } = await one.run("cat a; echo work > w; id -u; exit 3");
      assert.deepEqual(outcome, { outcome: "exited", code: 3 });
      assert.equal(stdout, `1${one.uid}\n`);
      assert.equal(readFileSync(path.join(one.upper, "w"), "utf8"), "work\n");
      assert.equal(lstatSync(path.join(one.upper, "w")).uid, one.uid);
      // Root's own workspace would have to be sent, and the daemon would give it to others.
      using roots = openEngineCase(engine, { owner: "root" });
      await assert.rejects(roots.run("true"), {
        code: "sandbox-unavailable",
        message: /remaps users/,
        hint: /a workspace that is not root's/,
      });
      await clearEngine(engine);
    } finally {
      await daemon.stop();
    }
  });
});
