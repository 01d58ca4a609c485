import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { toHomeLabel } from "../../src/engine/docker/labels.js";
import type { Daemon } from "../../src/engine/docker/open-daemon.js";
import { pruneContainers } from "../../src/engine/docker/prune-containers.js";
import { startHelper } from "../../src/engine/docker/run-helper.js";
import { connect } from "../support/carried-case.js";
import {
  BUSYBOX,
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";
import { clearEngine, openTestDockerEngine } from "../support/docker-engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { openTempDir } from "../support/temp-tree.js";

describe("helpers of a daemon", { skip: skipWithoutDocker() }, () => {
  let docker: PrivateDocker;
  let daemon: Daemon;
  before(async () => {
    docker = await openPrivateDocker();
    daemon = await connect(docker.address);
  });
  after(async () => await docker[Symbol.asyncDispose]());

  it("are removed though nobody reads what they say", async () => {
    using dir = openTempDir();
    writeFileSync(path.join(dir.path, "big"), Buffer.alloc(32 << 20, "x"));
    const owner = { pid: 2 ** 22 + 1, startTime: "1", bootId: "0" };
    const ownership = { home: toHomeLabel(dir.path), sandboxId: "t-unread", owner };
    const source = dir.path;
    const helper = await startHelper({
      ...{ daemon, ownership, argv: ["pack", "/mnt"] },
      mounts: [{ type: "bind", source, target: "/mnt", readOnly: true }],
    });
    await delay(300);
    const removed = helper[Symbol.asyncDispose]().then(() => "removed");
    assert.equal(await Promise.race([removed, delay(20_000, "stuck", { ref: false })]), "removed");
    assert.equal(docker.docker(["ps", "-aq", "--no-trunc", "-f", `id=${helper.container}`]), "");
  });

  it("have limits, and a name that says whose they are", async () => {
    using dir = openTempDir();
    const owner = { pid: 2 ** 22 + 1, startTime: "1", bootId: "0" };
    const ownership = { home: toHomeLabel(dir.path), sandboxId: "t-limits", owner };
    await using helper = await startHelper({
      ...{ daemon, ownership, argv: ["stat", "/"], mounts: [] },
    });
    const format = "{{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.Name}}";
    const said = docker.docker(["inspect", "-f", format, helper.container]);
    assert.match(said, /^536870912 16 \/sandbox-t-limits-helper-stat-[0-9a-f]{6}$/);
    helper.stdout.resume();
    await helper.ended;
  });

  it("and tasks are made of our images, whatever has their names", async () => {
    using dir = openTempDir();
    const open = () => openTestDockerEngine({ home: dir.path, env: docker.env, runtime: "runc" });
    using one = openEngineCase(open());
    assert.deepEqual((await one.run("exit 3")).outcome, { outcome: "exited", code: 3 });
    const label = `label=io.github.sandbox.home=${toHomeLabel(dir.path)}`;
    const format = "{{.Repository}}:{{.Tag}}";
    const names = docker.docker(["images", "-f", label, "--format", format]).split("\n");
    assert.deepEqual(names.map((name) => name.split(":")[0]).sort(), [
      "sandbox-helper",
      "sandbox-root",
    ]);
    const steal = () => {
      for (const name of names) docker.docker(["tag", BUSYBOX, name]);
    };
    steal();
    using two = openEngineCase(open());
    assert.deepEqual((await two.run("exit 4")).outcome, { outcome: "exited", code: 4 });
    // What was kept of them is lost: they are made anew.
    rmSync(path.join(dir.path, "cache"), { recursive: true });
    steal();
    using three = openEngineCase(open());
    assert.deepEqual((await three.run("exit 5")).outcome, { outcome: "exited", code: 5 });
    await clearEngine(open());
  });

  it("and tasks keep no connection open where they are given up before they begin", async () => {
    const open = countOpen();
    using dir = openTempDir();
    const engine = openTestDockerEngine({ home: dir.path, env: docker.env, runtime: "runc" });
    using one = openEngineCase(engine);
    const argv = ["true"] as const;
    await assert.rejects(one.start({ argv, abort: AbortSignal.abort() }), { name: "AbortError" });
    await untilClosed(open);
    assert.deepEqual((await one.run("exit 3")).outcome, { outcome: "exited", code: 3 });
    await untilClosed(open);
    await clearEngine(engine);
  });

  it("of a state directory that was made anew at the same path are not its", () => {
    using home = openTempDir();
    const label = toHomeLabel(home.path);
    assert.equal(toHomeLabel(home.path), label);
    rmSync(path.join(home.path, "identity"));
    assert.notEqual(toHomeLabel(home.path), label);
  });

  it("leave to a person what only has a label of ours", async () => {
    using dir = openTempDir();
    const home = toHomeLabel(dir.path);
    const sandboxId = "t-left";
    const make = (name: string) =>
      docker.docker([
        ...["volume", "create", "--label", `io.github.sandbox.home=${home}`],
        ...["--label", "io.github.sandbox.kind=layers"],
        ...["--label", `io.github.sandbox.session=${sandboxId}`],
        ...["--label", "io.github.sandbox.owner=4194305:1:0", name],
      ]);
    const [ours, theirs] = [make(`sandbox-layers-${home}-${sandboxId}`), make(`their-${home}`)];
    const options = { stateHome: dir.path } as Parameters<typeof pruneContainers>[1];
    await pruneContainers(daemon, options, { isKept: () => false, dryRun: false });
    const left = docker.docker(["volume", "ls", "-q"]).split("\n");
    assert.deepEqual(
      [ours, theirs].map((name) => left.includes(name)),
      [false, true],
    );
    docker.docker(["volume", "rm", theirs]);
  });
});

/** Connections that keep this process here (kept-alive ones do not), its own streams among them. */
function countOpen(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "PipeWrap").length;
}

/** Resolves when there are no more of them than there were. */
async function untilClosed(before: number): Promise<void> {
  for (let tries = 0; countOpen() > before && tries < 100; tries += 1) await delay(50);
  assert.equal(countOpen(), before, "a connection is left open");
}
