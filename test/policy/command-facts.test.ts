import assert from "node:assert/strict";
import { chmodSync, realpathSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { toCommandFacts } from "../../src/controller/command-facts.js";
import { findProfilePaths } from "../../src/controller/find-profile-paths.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

function open() {
  const dir = openTempDir();
  const root = realpathSync(dir.path);
  const workspace = path.join(root, "w");
  makeTree(root, [
    "w/src/a=x",
    "w/bin/git@755=#!/bin/sh",
    "w/out->../secret",
    "w/in->src",
    "w/loop->loop",
    "secret/s=x",
    "upper/src/made->/etc",
    "upper/new->/etc",
  ]);
  const place = {
    cwd: workspace,
    workspaces: [workspace],
    path: `${workspace}/bin:/usr/bin:/bin`,
    hasImage: false,
  };
  return { dir, root, workspace, place };
}

test("a path is judged where the kernel would walk, not where its text points", () => {
  const { dir, workspace, place } = open();
  using _ = dir;
  const of = (text: string) =>
    Object.values(toCommandFacts({ ...place, uppers: [] }).resolvePath(text)).join(" ");
  assert.equal(of("src/a"), "workspace false");
  assert.equal(of("not/yet/there"), "workspace false");
  assert.equal(of("in/a"), "workspace false");
  assert.equal(of(`${workspace}/src/../src/a`), "workspace false");
  assert.equal(of("../secret/s"), "outside false");
  assert.equal(of("/etc/passwd"), "outside false");
  assert.equal(of("out/s"), "outside true");
  assert.equal(of("in/../../secret"), "outside false");
  assert.equal(of("out/../w/src/a"), "workspace true");
  assert.equal(of("loop"), "outside true");
  assert.equal(of(""), "outside true");
});

test("a link that the task itself could have made is never believed", () => {
  const { dir, root, place } = open();
  using _ = dir;
  const before = toCommandFacts({ ...place, uppers: [] });
  const after = toCommandFacts({ ...place, uppers: [path.join(root, "upper")] });
  for (const text of ["src/made/x", "new"]) {
    assert.deepEqual(before.resolvePath(text), { place: "workspace", escapes: false });
    assert.deepEqual(after.resolvePath(text), { place: "outside", escapes: true });
  }
  assert.deepEqual(after.resolvePath("src/a"), { place: "workspace", escapes: false });
});

test("a program is found on the PATH outside the workspace, as the file it really is", () => {
  const { dir, workspace, place } = open();
  using _ = dir;
  const facts = toCommandFacts({ ...place, uppers: [] });
  chmodSync(path.join(workspace, "src/a"), 0o644);
  assert.deepEqual(facts.resolveProgram("sh"), {
    path: realpathSync("/bin/sh"),
    inWorkspace: false,
  });
  assert.deepEqual(facts.resolveProgram("bin/git"), {
    path: `${workspace}/bin/git`,
    inWorkspace: true,
  });
  assert.notEqual(facts.resolveProgram("git")?.inWorkspace, true);
  assert.equal(facts.resolveProgram("src/a"), undefined);
  assert.equal(facts.resolveProgram("no-such-program"), undefined);
  assert.equal(
    toCommandFacts({ ...place, uppers: [], hasImage: true }).resolveProgram("sh"),
    undefined,
  );
});

test("a profile's paths are what is there: the strictest mode, links resolved, nothing twice", () => {
  const { dir, workspace } = open();
  using _ = dir;
  makeTree(workspace, [
    ".env=x",
    "src/.env=x",
    "src/deep/k.pem=x",
    "lib/x/y.pem=x",
    "link.pem->src/a",
  ]);
  const found = findProfilePaths(
    {
      paths: [
        { path: ".", mode: "overlay" },
        { path: ".env*", mode: "hidden" },
        { path: "**/*.pem", mode: "hidden" },
        { path: "lib", mode: "readonly" },
        { path: "dist", mode: "scratch" },
        { path: "missing", mode: "hidden" },
        { path: "src/deep", mode: "hidden" },
        { path: "src/deep", mode: "scratch" },
      ],
    },
    [workspace],
  );
  const under = (list: readonly string[]) =>
    list.map((file) => path.relative(workspace, file)).toSorted();
  assert.deepEqual(under(found.hidden), [".env", "lib/x/y.pem", "src/a", "src/deep"]);
  assert.deepEqual(under(found.readonly), ["lib"]);
  assert.deepEqual(under(found.scratch), ["dist"]);
});
