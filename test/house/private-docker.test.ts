import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openPlainUser } from "../support/plain-user.js";
import {
  BUSYBOX,
  openOwnDocker,
  openPrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";

const skip = skipWithoutDocker();
const onlyRoot = process.getuid?.() === 0 ? skip : "only root can start a daemon";

describe("the tests' own Docker daemon", { skip }, () => {
  for (const runtime of ["runc", "runsc"])
    test(`runs a container with ${runtime}`, async () => {
      await using docker = await openPrivateDocker();
      const container = ["run", "--rm", "--network", "none", "--runtime", runtime, BUSYBOX];
      assert.equal(docker.docker([...container, "sh", "-c", "echo in; id -u"]), "in\n0");
    });

  test("is open to a user who was admitted, and to no other", { skip: onlyRoot }, async () => {
    // The daemon that all tests share may have admitted an earlier user of the same id.
    await using docker = await openOwnDocker();
    using user = openPlainUser();
    const ask = () => user.run(["docker", "version", "-f", "{{.Server.Version}}"], docker);
    assert.notEqual(ask().status, 0);
    docker.admit(user.uid);
    assert.match(ask().stdout, /^\d+\./);
  });

  test("leaves nothing when it is stopped", { skip: onlyRoot }, async () => {
    const docker = await openOwnDocker();
    const dir = path.dirname(docker.socket);
    docker.docker(["run", "-d", "--network", "none", BUSYBOX, "sleep", "1000"]);
    assert.notDeepEqual(listGroups(dir), [], "control");
    await docker[Symbol.asyncDispose]();
    assert.deepEqual(listGroups(dir), []);
    assert.ok(!existsSync(dir));
    assert.ok(!existsSync(`/proc/${docker.pid}`));
  });

  test("ends when the process that started it is killed", { skip: onlyRoot }, async () => {
    const wrapper = fileURLToPath(new URL("../support/with-private-docker.js", import.meta.url));
    const script = "echo $SANDBOX_TEST_DOCKER; exec cat";
    const child = spawn(process.execPath, [wrapper, "sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let said = "";
    for await (const chunk of child.stdout) {
      said += String(chunk);
      if (said.includes("\n")) break;
    }
    const socket = said.trim().replace("unix://", "");
    assert.ok(existsSync(socket), said);
    child.kill("SIGKILL");
    child.stdin.end();
    const deadline = Date.now() + 60_000;
    while (existsSync(socket) && Date.now() < deadline) await delay(50);
    assert.ok(!existsSync(socket));
    // Its directory goes with the next daemon that a test opens.
    await (await openOwnDocker())[Symbol.asyncDispose]();
    assert.ok(!existsSync(path.dirname(socket)));
  });
});

/** Control groups of the daemon that keeps its things in `dir`. */
function listGroups(dir: string): readonly string[] {
  return readdirSync("/sys/fs/cgroup")
    .map((name) => path.join("/sys/fs/cgroup", name, path.basename(dir)))
    .filter((group) => existsSync(group));
}
