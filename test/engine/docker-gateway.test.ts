import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { removeTree } from "../../src/host/remove-tree.js";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { openPlainUser } from "../support/plain-user.js";
import {
  BUSYBOX,
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { openTempDir } from "../support/temp-tree.js";
import { openTestGateway } from "../support/test-gateway.js";

const isRoot = process.getuid?.() === 0;

describe(`docker: a gateway, ${isRoot ? "as root" : "as a plain user"}`, {
  skip: skipWithoutDocker(),
}, () => {
  const home = openTempDir();
  let docker: PrivateDocker;
  const open = () => openTestDockerEngine({ home: home.path, env: docker.env, runtime: "runc" });
  before(async () => {
    docker = await openPrivateDocker();
  });
  after(async () => {
    await clearEngine(open());
    await docker[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  // Root's own workspace is carried to the daemon, which is no reason to be without.
  test("works in an image, with a terminal and on root's own workspace", async () => {
    using one = openEngineCase(open(), {
      tree: ["f=real"],
      ...(isRoot ? { owner: "root" as const } : {}),
    });
    const { image, env } = await open().resolveImage(BUSYBOX);
    await using gateway = openTestGateway([
      { protocol: "tcp", address: "0.0.0.0", port: 80 },
      { protocol: "udp", address: "127.0.0.1", port: 53 },
    ]);
    const argv = ["sh", "-c", "nc any.where.test 80; cat f; tty; echo new > f"] as const;
    const spec = { image, env: { ...env, HOME: "/home/tester" }, terminal: true };
    const task = await one.start({ argv, spec, gateway });
    assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 0 });
    await task.sandbox[Symbol.asyncDispose]();
    const lines = task.output.stdout.split("\r\n");
    assert.deepEqual(lines.slice(0, 2), ["gateway 80", "real/dev/pts/0"]);
  });

  test("nothing leaves a container whose controller was killed, though it still runs", {
    skip: isRoot ? false : "the layers it leaves are root's",
  }, async () => {
    const child = spawn(
      process.execPath,
      [fileURLToPath(new URL("./gateway-child.js", import.meta.url)), home.path],
      { stdio: ["ignore", "pipe", "inherit"], env: docker.env },
    );
    const said: string[] = [];
    for await (const line of createInterface(child.stdout)) if (said.push(line) === 3) break;
    const [dir = "", sandboxId = "", ready] = said;
    assert.equal(ready, "ready");
    const containers = docker.docker(["ps", "-q", "-f", `name=sandbox-${sandboxId}`]).split("\n");
    const reach = "nc 127.0.0.1 80 || echo refused";
    const ask = (container: string) => docker.docker(["exec", container, "sh", "-c", reach]);
    assert.deepEqual(containers.map(ask), ["gateway 80"], "control");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(containers.map(ask), ["refused"]);
    await clearEngine(open());
    assert.equal(docker.docker(["ps", "-q", "-f", `name=sandbox-${sandboxId}`]), "");
    removeTree(dir);
  });

  test("once more, as a plain user whom the daemon obeys", {
    skip: isRoot ? false : "this is a plain user",
  }, () => {
    using user = openPlainUser();
    docker.admit(user.uid);
    const { status, stdout } = user.run(
      [process.execPath, "--test", "--test-reporter=tap", fileURLToPath(import.meta.url)],
      { env: { SANDBOX_TEST_DOCKER: docker.address } },
    );
    assert.equal(status, 0, stdout);
    assert.match(stdout, /# pass [1-9]/);
  });
});
