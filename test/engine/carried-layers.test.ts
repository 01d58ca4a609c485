import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chownSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { SandboxMount } from "../../src/core/sandbox-spec.js";
import { findCarriedLayers } from "../../src/engine/docker/carried-layers.js";
import type { OpenLayersInput } from "../../src/engine/docker/container-layers.js";
import { openCarriedLayers } from "../../src/engine/docker/open-carried-layers.js";
import type { Daemon } from "../../src/engine/docker/open-daemon.js";
import { pruneTrees } from "../../src/engine/docker/tree-cache.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { everyKind } from "../commit/every-kind.js";
import { connect, openCarriedCase, toRunArgs } from "../support/carried-case.js";
import { runOverlay } from "../support/overlay-case.js";
import { openOwnDocker, type PrivateDocker, skipWithoutDocker } from "../support/private-docker.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

/** What busybox can do of `everyKind`, with nothing that needs tools for attributes. */
const EDIT = `echo new > edited; chmod 755 mode; rm gone; rm -r dir/sub; echo 4 > dir/d
  rm emptied/x; rm -r tofile; echo now > tofile; rm todir; mkdir todir; echo in > todir/in
  ln -sfn edited link; rm pipe; mkfifo other; echo p > pipe
  rm -r again; mkdir again; echo 3 > again/three; chmod 750 chmodded
  mkdir -p deep/er; echo leaf > deep/leaf; ln deep/leaf deep/hard
  truncate -s 1M holes; printf end >> holes; rm pair1; echo single > pair1`;
const isRoot = process.getuid?.() === 0;
const open = (input: OpenLayersInput) => openCarriedLayers(input, { carries: "everything" });
const PREPARED = { base: everyKind.base };

describe("layers that are carried to a daemon", { skip: skipWithoutDocker() }, () => {
  let docker: PrivateDocker;
  let daemon: Daemon;
  before(async () => {
    docker = await openOwnDocker();
    daemon = await connect(docker.address);
  });
  after(async () => await docker[Symbol.asyncDispose]());
  const left = (): readonly string[] => [
    ...docker.docker(["ps", "-aq"]).split("\n").filter(Boolean),
    ...docker
      .docker(["volume", "ls", "-q"])
      .split("\n")
      .filter((name) => name.startsWith("sandbox-layers")),
  ];
  const trees = (): number =>
    docker
      .docker(["volume", "ls", "-q"])
      .split("\n")
      .filter((name) => name.startsWith("sandbox-tree")).length;

  it("give the changeset that an overlay of this machine gives, and leave only the tree", async () => {
    using one = openCarriedCase(daemon, PREPARED);
    const layers = await open(one.input);
    docker.docker(toRunArgs(one, layers, EDIT));
    const usage = await layers.readUsage?.();
    assert.ok((usage?.heldBytes ?? 0) > 8192 && (usage?.freeSpace ?? 0) > 0);
    await layers.bringBack();
    await layers.remove();
    using local = openTempDir();
    const expected = readChangeset([runOverlay(local.path, { ...PREPARED, edit: EDIT }).layers]);
    const changes = readChangeset([one.layers]);
    assert.deepEqual(
      changes.changes.map(({ kind, path: at }) => `${kind} ${at}`),
      expected.changes.map(({ kind, path: at }) => `${kind} ${at}`),
    );
    assert.equal(changes.digest, expected.digest);
    assert.deepEqual(left(), []);
    assert.equal(trees(), 1);
  });

  it("send the same tree once, also from another process, and another tree again", async () => {
    using place = openTempDir();
    using one = openCarriedCase(daemon, { base: ["a=1"], at: place, sandboxId: "t-one" });
    await waitUntilSettled(one.layers.lower);
    const at = trees();
    const again = async (): Promise<number> => {
      const layers = await open(one.input);
      assert.equal(docker.docker(toRunArgs(one, layers, "cat a")), readFileSync(file, "utf8"));
      await layers.bringBack();
      await layers.remove();
      return trees() - at;
    };
    const file = path.join(one.layers.lower, "a");
    assert.equal(await again(), 1);
    assert.equal(await again(), 1);
    // Same size and modification time: the tree is another one all the same.
    const { atime, mtime } = statSync(file);
    writeFileSync(file, "2");
    utimesSync(file, atime, mtime);
    assert.equal(await again(), 2);
  });

  it("show what is hidden and what is readable only as they should", async () => {
    using place = openTempDir();
    makeTree(place.path, ["tool/bin@755=x", "note=single file"]);
    const [tool, note] = [path.join(place.path, "tool"), path.join(place.path, "note")];
    const mounts = (workspace: string): readonly SandboxMount[] => [
      { kind: "readonly", source: tool, target: tool },
      { kind: "readonly", source: note, target: note },
      { kind: "readonly", source: `${workspace}/lib`, target: `${workspace}/lib` },
      { kind: "hidden", target: `${workspace}/secret`, type: "dir" },
    ];
    const base = ["secret/key=TOPSECRET", "lib/shared=seen", "a=1"];
    using one = openCarriedCase(daemon, { base, at: place, mounts });
    const layers = await open(one.input);
    const script = `cat ${tool}/bin ${note} lib/shared; ls secret 2>&1
      for f in ${tool}/new ${note} lib/shared; do (echo > $f) 2>/dev/null && echo WRITTEN; done; true`;
    const said = docker.docker(toRunArgs(one, layers, script));
    await layers.bringBack();
    assert.match(said, /^xsingle fileseen/);
    assert.doesNotMatch(said, /WRITTEN|key/);
    const { stdout } = spawnSync("grep", [
      "-rl",
      "TOPSECRET",
      path.join(path.dirname(docker.socket), "data"),
    ]);
    assert.equal(stdout.toString(), "");
    await layers.remove();
    assert.deepEqual(readChangeset([one.layers]).changes, []);
  });

  it("of an earlier task are taken along, and come back with what the next one did", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1", "b=2", "c/d=3"] });
    for (const script of ["rm a; echo new > n; rm -r c; mkdir c", "echo more >> n; [ ! -e a ]"]) {
      const layers = await open(one.input);
      docker.docker(toRunArgs(one, layers, script));
      await layers.bringBack();
      await layers.remove();
    }
    const lines = readChangeset([one.layers]).changes.map(({ kind, path: at }) => `${kind} ${at}`);
    assert.deepEqual(lines, ["delete a", "delete c/d", "add n"]);
    assert.equal(readFileSync(path.join(one.layers.upper, "n"), "utf8"), "new\nmore\n");
  });

  it("of a sender that died are found, brought back and removed", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const layers = await open(one.input);
    docker.docker(toRunArgs(one, layers, "echo work > w"));
    const found = await findCarriedLayers(one.input);
    assert.notEqual(found, undefined);
    await found?.bringBack();
    await found?.bringBack();
    await found?.remove();
    assert.equal(readFileSync(path.join(one.layers.upper, "w"), "utf8"), "work\n");
    assert.equal(await findCarriedLayers(one.input), undefined);
    assert.deepEqual(left(), []);
  });

  it("that were never complete bring nothing back, and take nothing away", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    writeFileSync(path.join(one.layers.upper, "earlier"), "kept");
    await open(one.input);
    rmSync(path.join(one.input.scratchDir, "carried.json"));
    const found = await findCarriedLayers(one.input);
    await found?.bringBack();
    await found?.remove();
    assert.deepEqual(readdirSync(one.layers.upper), ["earlier"]);
    assert.deepEqual(left(), []);
  });

  it("leave nothing where they cannot be opened", {
    skip: isRoot ? false : "only root",
  }, async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    const at = trees();
    const given = AbortSignal.abort(new Error("stopped"));
    await assert.rejects(open({ ...one.input, abort: given }), /stopped/);
    assert.deepEqual(left(), []);
    assert.equal(trees(), at);
  });

  it("are pruned as trees when no container uses them, and only ours", async () => {
    using one = openCarriedCase(daemon, { base: ["a=1"] });
    using other = openCarriedCase(daemon, { base: ["b=1"] });
    const layers = await open(one.input);
    const others = await open(other.input);
    await others.remove();
    const { home } = one.input.ownership;
    const prune = (dryRun: boolean) => pruneTrees(daemon, { home, isKept: () => false, dryRun });
    const at = trees();
    assert.deepEqual(await prune(false), []);
    await layers.remove();
    assert.equal((await prune(true)).length, 1);
    assert.equal(trees(), at);
    assert.equal((await prune(false)).length, 1);
    assert.equal(trees(), at - 1);
    assert.deepEqual(await prune(false), []);
  });

  it("exchange root and the task, both ways", { skip: isRoot ? false : "only root" }, async () => {
    using one = openCarriedCase(daemon, { base: ["roots@600=secret", "d/x=1", "d@700/"] });
    const task = { taskUid: 54_321, taskGid: 54_321 };
    const mapped = { ...one.layers, ...task, idmap: "swap-root" } as const;
    const [overlay] = one.input.spec.mounts;
    assert.ok(overlay?.kind === "overlay");
    chownSync(one.layers.upper, task.taskUid, task.taskGid);
    const spec = {
      ...one.input.spec,
      ...{ uid: task.taskUid, gid: task.taskGid },
      mounts: [{ ...overlay, idmap: "swap-root" as const }],
    };
    const input = { ...one.input, spec };
    const layers = await open(input);
    docker.docker(toRunArgs({ ...one, input }, layers, "echo more >> roots; echo n > d/n"));
    await layers.bringBack();
    await layers.remove();
    assert.equal(statSync(path.join(one.layers.upper, "roots")).uid, task.taskUid);
    const owners = readChangeset([mapped]).changes.map(({ path: at, after }) => [at, after?.uid]);
    assert.deepEqual(owners, [
      ["d/n", "user"],
      ["roots", "base"],
    ]);
  });
});

/** Until a later touch could not leave the same times: before that no tree counts as known. */
async function waitUntilSettled(root: string): Promise<void> {
  while (Date.now() < lstatSync(root).ctimeMs + 60) await new Promise(setImmediate);
}
