import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { findTool } from "../../src/host/find-tool.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";

test("--tool shows a directory, or what a file needs; symlinks are resolved", () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "home");
  makeTree(home, [
    "tools/x/bin/x@755=",
    "tools/x/lib/",
    "tools/x/.env=asked for",
    ".local/bin/y@755=",
  ]);
  symlinkSync("tools/x", path.join(home, "link"));
  const options = { home };
  for (const name of ["tools/x", "link", "tools/x/.."])
    assert.deepEqual(findTool(`${home}/${name}`, options), [
      path.join(home, name === "link" ? "tools/x" : name),
    ]);
  assert.deepEqual(findTool(`${home}/tools/x/bin/x`, options), [`${home}/tools/x/bin`]);
  assert.deepEqual(findTool(`${home}/.local/bin/y`, options), [`${home}/.local/bin/y`]);
  assert.deepEqual(findTool("/usr/lib", options), []);
  assert.deepEqual(findTool("/usr/lib", { ...options, hasImage: true }), ["/usr/lib"]);
});

test("--tool refuses homes, what holds them, credential stores and what is not there", () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "home");
  makeTree(home, [
    ".ssh/id_rsa=",
    ".config/app/x=",
    ".local/share/tool/x=",
    "ok/x=",
    "state/sessions/",
  ]);
  symlinkSync(home, path.join(dir.path, "alias"));
  const options = { home, keepOut: [`${home}/state`] };
  const refused = [
    ...[home, dir.path, "/", "/home", "/root", "/tmp", "/proc/self", `${dir.path}/alias`],
    ...[`${home}/.ssh`, `${home}/.ssh/id_rsa`, `${home}/.config`, `${home}/.config/app`],
    ...[
      `${home}/.local`,
      `${home}/.local/share`,
      `${home}/absent`,
      `${home}/state`,
      `${home}/state/sessions`,
    ],
  ];
  for (const tool of refused)
    assert.throws(() => findTool(tool, options), { code: "usage", message: /^--tool/ }, tool);
  for (const tool of ["ok", ".local/share/tool"])
    assert.deepEqual(findTool(`${home}/${tool}`, options), [`${home}/${tool}`]);
});
