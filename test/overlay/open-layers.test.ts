import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { toOverlayMounts } from "../../src/overlay/open-layers.js";
import { removeLayers } from "../../src/overlay/remove-layers.js";
import { SESSION, TASK, openLayersIn } from "../support/layers-in.js";
import { openLoopFs } from "../support/loop-fs.js";
import { makeTree, openTempDir, readTree } from "../support/temp-tree.js";

const notRoot = process.getuid?.() === 0 ? false : "needs root: it mounts or gives files away";

describe("opening layers", () => {
  it("puts them with the session where a rename works, and leaves the workspace as it was", () => {
    using dir = openTempDir();
    const workspace = path.join(dir.path, "a project: with, odd 'names' \\ and \"quotes\"");
    makeTree(workspace, ["f=1"]);
    chmodSync(workspace, 0o2750);
    const before = lstatSync(workspace, { bigint: true });
    const layers = openLayersIn(path.join(dir.path, "home"), { workspace });
    const after = lstatSync(workspace, { bigint: true });
    assert.equal(layers.staging, "rename");
    assert.equal(layers.upper, path.join(dir.path, "home/sessions", SESSION, "layers/0/upper"));
    assert.equal(lstatSync(layers.upper).mode & 0o7777, 0o2750);
    assert.deepEqual([after.ctimeNs, after.mtimeNs], [before.ctimeNs, before.mtimeNs]);
    assert.deepEqual(readTree(workspace), ["f=1"]);
  });
  it("gives root's directory to the task and another's to its owner", { skip: notRoot }, () => {
    using dir = openTempDir();
    const workspace = path.join(dir.path, "project");
    makeTree(workspace, []);
    const swapped = openLayersIn(path.join(dir.path, "home"), { workspace });
    assert.equal(swapped.idmap, "swap-root");
    assert.equal(lstatSync(swapped.upper).uid, TASK.uid);
    assert.equal(lstatSync(path.dirname(swapped.upper)).uid, 0);
    assert.equal(lstatSync(path.dirname(swapped.upper)).mode & 0o777, 0o700);
    chownSync(workspace, 1234, 1235);
    const plain = openLayersIn(path.join(dir.path, "home2"), { workspace });
    assert.equal(plain.idmap, "none");
    assert.deepEqual([lstatSync(plain.upper).uid, lstatSync(plain.upper).gid], [1234, 1235]);
  });
  it("goes beside the mount point of another filesystem, and cleans up there", {
    skip: notRoot,
  }, () => {
    using dir = openTempDir();
    using fs = openLoopFs({ type: "tmpfs", sizeMiB: 8 });
    const workspace = path.join(fs.path, "project");
    makeTree(workspace, ["f=1"]);
    const layers = openLayersIn(dir.path, { workspace });
    assert.equal(layers.upper, path.join(fs.path, ".sandbox-0", SESSION, "0", "upper"));
    assert.equal(layers.staging, "rename");
    assert.equal(lstatSync(path.join(fs.path, ".sandbox-0")).mode & 0o777, 0o700);
    removeLayers(layers);
    assert.deepEqual(readdirSync(fs.path), ["project"]);
  });
  it("does not trust what is already there by that name, and copies instead", {
    skip: notRoot,
  }, () => {
    using dir = openTempDir();
    for (const make of [
      (own: string) => symlinkSync(dir.path, own),
      (own: string) => mkdirSync(own, { mode: 0o755 }),
      (own: string) => {
        mkdirSync(own, { mode: 0o700 });
        chownSync(own, 1234, 1234);
      },
    ]) {
      using fs = openLoopFs({ type: "tmpfs", sizeMiB: 8 });
      makeTree(path.join(fs.path, "project"), []);
      make(path.join(fs.path, ".sandbox-0"));
      using home = openTempDir();
      const layers = openLayersIn(home.path, { workspace: path.join(fs.path, "project") });
      assert.equal(layers.staging, "copy");
      assert.ok(layers.upper.startsWith(home.path));
    }
  });
  it("copies where the workspace is itself the mount point", { skip: notRoot }, () => {
    using dir = openTempDir();
    using fs = openLoopFs({ type: "tmpfs", sizeMiB: 8 });
    assert.equal(openLayersIn(dir.path, { workspace: fs.path }).staging, "copy");
    assert.deepEqual(readdirSync(fs.path), []);
  });
  it("never takes layers that are there already", () => {
    using dir = openTempDir();
    const home = path.join(dir.path, "home");
    const workspace = path.join(dir.path, "project");
    makeTree(workspace, []);
    const first = openLayersIn(home, { workspace });
    makeTree(first.upper, ["f=1"]);
    assert.throws(() => openLayersIn(home, { workspace }), /EEXIST/);
    assert.deepEqual(readTree(first.upper), ["f=1"]);
  });
  it("mounts an outer target before an inner one", () => {
    const one = {
      upper: "/u",
      work: "/w",
      stamp: "/s",
      staging: "rename",
      taskUid: 1,
      taskGid: 1,
      idmap: "none",
      covered: [],
    } as const;
    const mounts = toOverlayMounts([
      { ...one, lower: "/a/b/c" },
      { ...one, lower: "/d" },
      { ...one, lower: "/a/b" },
    ]);
    assert.deepEqual(
      mounts.map((mount) => mount.target),
      ["/d", "/a/b", "/a/b/c"],
    );
  });
});
