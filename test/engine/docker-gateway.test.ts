import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
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
