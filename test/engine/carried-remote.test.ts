import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openCarriedLayers } from "../../src/engine/docker/open-carried-layers.js";
import type { Daemon } from "../../src/engine/docker/open-daemon.js";
import { probeVisibility } from "../../src/engine/docker/probe-visibility.js";
import { connect, openCarriedCase, toRunArgs } from "../support/carried-case.js";
import { openEngineCase } from "../support/engine-case.js";
import { BUSYBOX, importBusyboxInto, skipWithoutDocker } from "../support/private-docker.js";
import { openRemoteDocker, type RemoteDocker } from "../support/remote-docker.js";
import { openRemoteEngine, toChildCase } from "../support/remote-engine.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

const skip =
  skipWithoutDocker() || (process.getuid?.() === 0 ? false : "only root starts another daemon");
const CHILD = fileURLToPath(new URL("./ssh-child.js", import.meta.url));
const ENGINE_CHILD = fileURLToPath(new URL("./engine-child.js", import.meta.url));
const openEngine = (remote: RemoteDocker, home: string) =>
  openRemoteEngine({ address: remote.address, env: remote.env, home });
const MiB = 2 ** 20;
const BIG_MIB = 400;

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

  it("runs a task as an engine does: its image, what is hidden and read-only, its exit code", async () => {
    using place = openTempDir();
    const engine = openEngine(remote, place.path);
    makeTree(place.path, ["tool/x=tool"]);
    using one = openEngineCase(engine, { tree: ["a=1", "env=TOPSECRET", "dir/key=TOPSECRET"] });
    const tool = path.join(place.path, "tool");
    const { image } = await engine.resolveImage(BUSYBOX);
    const script = `cat a ${tool}/x; cat env dir/key; ls dir; echo 2 > b; rm a; id -u; exit 7`;
    const ended = await one.run({
      argv: ["/bin/sh", "-c", script],
      spec: { image },
      mounts: [
        { kind: "readonly", source: tool, target: tool },
        { kind: "hidden", target: path.join(one.workspace, "env"), type: "file" },
        { kind: "hidden", target: path.join(one.workspace, "dir"), type: "dir" },
      ],
    });
    assert.deepEqual(ended.outcome, { outcome: "exited", code: 7 }, ended.stderr);
    assert.equal(ended.stdout, `1tool${one.uid}\n`);
    assert.deepEqual(readdirSync(one.upper).sort(), ["a", "b"]);
    assert.equal(remote.docker(["ps", "-aq"]), "");
  });

  it("needs an image, and says so", async () => {
    using place = openTempDir();
    const engine = openEngine(remote, place.path);
    using one = openEngineCase(engine, { tree: ["a=1"] });
    await assert.rejects(one.run("true"), /it needs an image$/);
  });

  it("gives the work of a sandbox back whose controller is gone", async () => {
    using place = openTempDir();
    const engine = openEngine(remote, place.path);
    using one = openEngineCase(engine, { tree: ["a=1"] });
    const { image } = await engine.resolveImage(BUSYBOX);
    const child = spawn(process.execPath, [ENGINE_CHILD], {
      env: {
        ...process.env,
        ...remote.env,
        CASE: JSON.stringify(toChildCase(one, image, place.path)),
        ADDRESS: remote.address,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.deepEqual(readdirSync(one.upper), []);
    const { spec, sandboxId } = toChildCase(one, image, place.path);
    for (const _ of [1, 2]) await engine.settle({ spec, sandboxId, scratchDir: one.scratch });
    assert.equal(readFileSync(path.join(one.upper, "w"), "utf8"), "work\n");
    assert.equal(remote.docker(["ps", "-aq"]), "");
  });

  it("carries a big file in bounded memory, both ways", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const file = path.join(one.layers.lower, "big");
    spawnSync("sh", ["-c", `yes big | head -c ${BIG_MIB * MiB} > ${file}`]);
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
    assert.equal(statSync(path.join(one.layers.upper, "big")).size, BIG_MIB * MiB + 4);
    assert.ok(most.rss - start < 160 * MiB, `${(most.rss - start) / MiB} MiB more`);
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
