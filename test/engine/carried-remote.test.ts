import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openCarriedLayers } from "../../src/engine/docker/open-carried-layers.js";
import type { Daemon } from "../../src/engine/docker/open-daemon.js";
import { probeVisibility } from "../../src/engine/docker/probe-visibility.js";
import { connect, openCarriedCase, toRunArgs } from "../support/carried-case.js";
import { importBusyboxInto } from "../support/private-docker.js";
import { openRemoteDocker, type RemoteDocker } from "../support/remote-docker.js";
import { skipWithoutDocker } from "../support/private-docker.js";

const skip =
  skipWithoutDocker() || (process.getuid?.() === 0 ? false : "only root starts another daemon");
const CHILD = fileURLToPath(new URL("./ssh-child.js", import.meta.url));
const MiB = 2 ** 20;

describe("a daemon with another view of the filesystem", { skip }, () => {
  let remote: RemoteDocker;
  let daemon: Daemon;
  before(async () => {
    remote = await openRemoteDocker();
    importBusyboxInto(remote.docker);
    daemon = await connect(remote.address, remote.env);
  });
  after(async () => await remote[Symbol.asyncDispose]());

  it("is seen to see nothing of this machine, and one with our view to see it", async () => {
    const local = await connect(`unix://${remote.socket}`);
    using one = openCarriedCase(local, { base: ["a=1"] });
    assert.equal(await probeVisibility(one.input), false);
  });

  it("takes a workspace over TLS and gives the changes back", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1", "b=2"] });
    const layers = await openCarriedLayers(one.input, { carries: "everything" });
    remote.docker(toRunArgs(one, layers, "cat a > c; rm b"));
    await layers.bringBack();
    await layers.remove();
    assert.equal(readFileSync(path.join(one.layers.upper, "c"), "utf8"), "1");
  });

  it("is refused where it cannot say who it is, or will not have us", async () => {
    const { DOCKER_CERT_PATH: mine = "" } = remote.env;
    const stranger = { ...remote.env, DOCKER_CERT_PATH: path.dirname(mine) };
    await assert.rejects(connect(remote.address, stranger), { code: "sandbox-unavailable" });
    await assert.rejects(
      connect(remote.address, { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/" }),
      {
        code: "sandbox-unavailable",
      },
    );
    await connect(remote.address, remote.env);
  });

  it("carries a file of a gigabyte in bounded memory, both ways", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const file = path.join(one.layers.lower, "big");
    spawnSync("sh", ["-c", `yes gigabyte | head -c ${1024 * MiB} > ${file}`]);
    const most = { rss: 0 };
    const look = setInterval(() => {
      most.rss = Math.max(most.rss, process.memoryUsage.rss());
    }, 20);
    const start = process.memoryUsage.rss();
    const layers = await openCarriedLayers(one.input, { carries: "everything" });
    remote.docker(toRunArgs(one, layers, "echo end >> big"));
    await layers.bringBack();
    clearInterval(look);
    await layers.remove();
    assert.equal(statSync(path.join(one.layers.upper, "big")).size, 1024 * MiB + 4);
    assert.ok(most.rss - start < 400 * MiB, `${(most.rss - start) / MiB} MiB more`);
  });

  it("is reached over ssh with the machine's own configuration", () => {
    const inHome =
      'mount -t tmpfs -o mode=0700 tmpfs /root && cp -r "$1" /root/.ssh && shift && exec "$@"';
    const { stdout, stderr } = spawnSync(
      "unshare",
      ["--mount", "sh", "-c", inHome, "sh", remote.sshHome, process.execPath, CHILD, remote.ssh],
      { encoding: "utf8", timeout: 100_000, env: { PATH: process.env["PATH"] } },
    );
    assert.equal(stdout, "answered\nfetched\n", stderr);
  });

  it("says in one line why ssh does not reach it", async () => {
    await assert.rejects(connect(remote.ssh), {
      code: "sandbox-unavailable",
      message: /^ssh to 127\.0\.0\.1 failed: /,
    });
  });
});
