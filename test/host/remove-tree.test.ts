import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { removeTree } from "../../src/host/remove-tree.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

describe("removing a tree", () => {
  it("removes odd names, modes and types, and not what links point at", () => {
    using dir = openTempDir();
    const tree = path.join(dir.path, "tree");
    makeTree(tree, ["d/e/f=1", "p|", "d@0/"]);
    writeFileSync(path.join(dir.path, "outside"), "kept");
    symlinkSync(dir.path, path.join(tree, "up"));
    symlinkSync("../outside", path.join(tree, "file"));
    execFileSync("sh", ["-c", "printf 1 > \"$(printf '\\377')\"; mkdir \"$(printf 'd\\200')\""], {
      cwd: tree,
    });
    removeTree(tree);
    assert.ok(!existsSync(tree));
    assert.equal(readFileSync(path.join(dir.path, "outside"), "utf8"), "kept");
  });
  it("removes a link at the top, not its target, and takes absence for done", () => {
    using dir = openTempDir();
    makeTree(dir.path, ["d/f=1", "l->d"]);
    removeTree(path.join(dir.path, "l"));
    removeTree(path.join(dir.path, "l"));
    assert.ok(existsSync(path.join(dir.path, "d/f")));
  });
});
