import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { findCarriedLayers, toLayersVolume } from "../../src/engine/docker/carried-layers.js";
import type { OpenLayersInput } from "../../src/engine/docker/container-layers.js";
import { openCarriedLayers } from "../../src/engine/docker/open-carried-layers.js";
import type { Daemon } from "../../src/engine/docker/open-daemon.js";
import { connect, openCarriedCase, toRunArgs } from "../support/carried-case.js";
import { openOwnDocker, type PrivateDocker, skipWithoutDocker } from "../support/private-docker.js";

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? skipWithoutDocker() : "only root starts a daemon of its own";

describe("carried layers", { skip }, () => {
  let docker: PrivateDocker;
  let daemon: Daemon;
  before(async () => {
    docker = await openOwnDocker();
    daemon = await connect(docker.address);
  });
  after(async () => await docker[Symbol.asyncDispose]());

  const open = (input: OpenLayersInput) => openCarriedLayers(input, { carries: "everything" });

  it("that the daemon has lost are an error, not a task that changed nothing", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const layers = await open(one.input);
    docker.docker(toRunArgs(one, layers, "echo work > w"));
    const name = toLayersVolume(one.input.ownership);
    for (const id of docker.docker(["ps", "-aq", "-f", `volume=${name}`]).split("\n"))
      docker.docker(["rm", "-f", id]);
    docker.docker(["volume", "rm", name]);
    const lost = await findCarriedLayers(one.input);
    await assert.rejects(async () => await lost?.bringBack(), { code: "damaged" });
    docker.docker(["volume", "create", name]);
    const other = await findCarriedLayers(one.input);
    await assert.rejects(async () => await other?.bringBack(), { code: "damaged" });
    await other?.remove();
  });

  it("of an earlier revision leave no record by which half of the next would count", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const first = await open(one.input);
    docker.docker(toRunArgs(one, first, "echo work > w"));
    await first.bringBack();
    const given = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(open({ ...one.input, abort: given }));
    const found = await findCarriedLayers(one.input);
    await found?.bringBack();
    await found?.remove();
    assert.equal(existsSync(path.join(one.input.scratchDir, "carried.json")), false);
    assert.equal(readFileSync(path.join(one.layers.upper, "w"), "utf8"), "work\n");
  });
});
