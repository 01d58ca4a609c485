import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import type { Layers } from "../../src/core/change.js";
import { SandboxError } from "../../src/core/error.js";
import { openNative } from "../../src/host/native.js";
import { findAltered } from "../../src/overlay/find-altered.js";
import { isUntouched } from "../../src/overlay/is-untouched.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { readClock } from "../../src/overlay/read-clock.js";
import { removeLayers } from "../../src/overlay/remove-layers.js";
import { sealLayers } from "../../src/overlay/seal-layers.js";
import { TASK, openLayersIn } from "../support/layers-in.js";
import { mountAndEdit, openCaseLayers, runOverlay, toLine } from "../support/overlay-case.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

const notRoot = process.getuid?.() === 0 ? false : "needs root: it mounts or gives files away";

describe("sealed layers", () => {
  it("can be mounted again, and keep what was in them", () => {
    using dir = openTempDir();
    const { layers } = runOverlay(dir.path, { base: ["f=1"], edit: "printf 2 > f" });
    const again = { merged: path.join(dir.path, "merged"), edit: "printf 1 > g; cp f h" };
    assert.throws(() => mountAndEdit(layers, again), /the overlay failed/);
    sealLayers(layers);
    mountAndEdit(layers, again);
    const changes = readChangeset([layers]).changes;
    assert.deepEqual(changes.map(toLine), ["M f file", "A g file", "A h file"]);
    assert.equal(changes[0]?.after?.digest, changes[2]?.after?.digest);
  });
  it("show what was altered later, and nothing else", () => {
    using dir = openTempDir();
    const { layers } = runOverlay(dir.path, {
      base: ["f=1", "d/x=1"],
      edit: "printf 2 > f; printf 2 > d/x; rm -rf e; mkdir e",
    });
    readChangeset([layers]);
    const sealed = { sealedNs: readClock([layers]), native: openNative() };
    assert.deepEqual(findAltered(layers, sealed), []);
    writeFileSync(path.join(layers.upper, "f"), "3");
    writeFileSync(path.join(layers.upper, "e/new"), "3");
    assert.deepEqual(findAltered(layers, sealed), ["e", "e/new", "f"]);
  });
  it("are untouched only where the task left nothing, not even a mode", () => {
    const edits = {
      true: true,
      "chmod 700 .": false,
      "mkdir d": false,
      "setfattr -n user.x -v 1 .": false,
    };
    for (const [edit, untouched] of Object.entries(edits)) {
      using dir = openTempDir();
      assert.equal(isUntouched(runOverlay(dir.path, { base: [], edit }).layers), untouched, edit);
    }
  });
});

describe("removing layers", () => {
  it("removes modes, depths and work directories of any kind, twice without complaint", () => {
    using dir = openTempDir();
    const edit = "mkdir -p a/b/c; printf 1 > a/b/f; chmod 0 a/b a/b/c a; ln -s / root";
    const { layers } = runOverlay(dir.path, { base: ["d/x=1"], edit: `rm -r d; ${edit}` });
    removeLayers(layers);
    removeLayers(layers);
    assert.ok(!existsSync(path.join(dir.path, "state/sessions/s-aaaaaaaaaa/layers")));
    assert.ok(existsSync(path.join(dir.path, "state/sessions/s-aaaaaaaaaa")));
  });
  it("keeps the layers of the session's other workspaces", () => {
    using dir = openTempDir();
    for (const name of ["one", "two"]) makeTree(path.join(dir.path, name), []);
    const home = path.join(dir.path, "home");
    const one = openLayersIn(home, { workspace: path.join(dir.path, "one") });
    const two = openLayersIn(home, { workspace: path.join(dir.path, "two"), index: 1 });
    removeLayers(one);
    assert.ok(!existsSync(one.upper));
    assert.ok(existsSync(two.upper));
  });
  it("refuses paths that are not a session's", () => {
    using dir = openTempDir();
    const { layers } = runOverlay(dir.path, { base: [], edit: "true" });
    const root = path.dirname(layers.upper);
    const elsewhere = path.join(dir.path, "project");
    for (const bad of [
      { upper: path.join(elsewhere, "upper"), work: path.join(elsewhere, "work") },
      { work: path.join(elsewhere, "work") },
      { upper: `${root}/../0/upper` },
      { upper: path.join(root, "0", "upper"), work: path.join(root, "0", "work") },
    ]) {
      const damaged: Layers = { ...layers, ...bad };
      assert.throws(
        () => removeLayers(damaged),
        (error) => error instanceof SandboxError && error.code === "damaged",
      );
    }
    assert.ok(existsSync(layers.upper));
    removeLayers(layers);
    assert.ok(!existsSync(layers.upper));
  });
});

describe("owners", () => {
  it("are read through the exchange of root and task", { skip: notRoot }, () => {
    using dir = openTempDir();
    const workspace = path.join(dir.path, "project");
    makeTree(workspace, ["root=1", "task=1", "other=1"]);
    chownSync(path.join(workspace, "task"), TASK.uid, TASK.gid);
    chownSync(path.join(workspace, "other"), 7, 8);
    const layers = openLayersIn(path.join(dir.path, "home"), { workspace });
    makeTree(layers.upper, ["root=2", "task=2", "other=2", "new=2", "odd=2"]);
    const give = (name: string, uid: number, gid: number): void =>
      chownSync(path.join(layers.upper, name), uid, gid);
    give("root", TASK.uid, TASK.gid);
    give("task", 0, 0);
    give("other", 7, 8);
    give("new", TASK.uid, TASK.gid);
    give("odd", TASK.uid, 99);
    const owners = readChangeset([layers]).changes.map(({ path: name, after }) => [
      name,
      after?.uid,
      after?.gid,
    ]);
    assert.deepEqual(owners, [
      ["new", "user", "user"],
      ["odd", "user", 99],
      ["other", "base", "base"],
      ["root", "base", "base"],
      ["task", "base", "base"],
    ]);
  });
  it("in access lists are read through it too", { skip: notRoot }, () => {
    using dir = openTempDir();
    const workspace = path.join(dir.path, "project");
    makeTree(workspace, ["same=1", "other=1"]);
    const setAcl = (root: string, name: string, entry: string): void =>
      void execFileSync("setfacl", ["-m", entry, path.join(root, name)]);
    setAcl(workspace, "same", `u:${TASK.uid}:rwx`);
    setAcl(workspace, "other", `u:${TASK.uid}:rwx`);
    const layers = openLayersIn(path.join(dir.path, "home"), { workspace });
    makeTree(layers.upper, ["same=1", "other=1"]);
    setAcl(layers.upper, "same", "u:0:rwx");
    setAcl(layers.upper, "other", `u:${TASK.uid}:rwx`);
    for (const name of ["same", "other"])
      chownSync(path.join(layers.upper, name), TASK.uid, TASK.gid);
    assert.deepEqual(readChangeset([layers]).changes.map(toLine), ["M other file"]);
  });
  it("without the exchange are the task's, the base's or a number", { skip: notRoot }, () => {
    using dir = openTempDir();
    const workspace = path.join(dir.path, "project");
    makeTree(workspace, ["same=1", "given=1"]);
    const layers: Layers = {
      ...openCaseLayers(dir.path, { workspace, covered: [] }),
      taskUid: 5,
      taskGid: 5,
    };
    makeTree(layers.upper, ["same=2", "given=1"]);
    chownSync(path.join(layers.upper, "given"), 5, 6);
    const owners = readChangeset([layers]).changes.map(({ path: name, after }) => [
      name,
      after?.uid,
      after?.gid,
    ]);
    assert.deepEqual(owners, [
      ["given", "user", 6],
      ["same", "base", "base"],
    ]);
  });
});
