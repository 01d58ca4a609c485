import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { SandboxError } from "../../src/core/error.js";
import { checkWorkspace, checkWorkspaces } from "../../src/overlay/check-workspace.js";
import { openLoopFs } from "../support/loop-fs.js";
import { openTempDir } from "../support/temp-tree.js";

const notRoot = process.getuid?.() === 0 ? false : "needs root: it mounts";

/** The message of the refusal; undefined where there is none. */
function refusal(
  workspaces: string | readonly string[],
  o: { stateHome?: string; homeDir?: string } = {},
): string | undefined {
  const options = { stateHome: "/nowhere/state", homeDir: "/nowhere", ...o };
  try {
    if (typeof workspaces === "string") checkWorkspace(workspaces, options);
    else checkWorkspaces(workspaces, options);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof SandboxError);
    assert.equal(error.code, "usage");
    assert.ok(error.hint);
    return error.message;
  }
}

describe("a workspace", () => {
  it("is refused with the reason where it is no project, and taken where it is one", () => {
    using dir = openTempDir();
    const project = path.join(dir.path, "a: b, c\\ 'd' \"e\"");
    mkdirSync(project);
    writeFileSync(path.join(dir.path, "file"), "");
    symlinkSync(project, path.join(dir.path, "link"));
    assert.equal(refusal(project), undefined);
    assert.match(refusal(path.join(dir.path, "absent")) ?? "", /^no such directory: .*absent$/);
    assert.match(refusal(path.join(dir.path, "file")) ?? "", /^not a directory/);
    assert.match(refusal(path.join(dir.path, "link")) ?? "", /^not a directory/);
    assert.match(refusal("/") ?? "", /whole filesystem/);
    assert.match(refusal(project, { homeDir: project }) ?? "", /home directory/);
    assert.equal(refusal(project, { homeDir: dir.path }), undefined);
    assert.match(refusal("/proc/sys") ?? "", /proc/);
  });
  it("is refused where it contains the sandbox's state, or lies in it", () => {
    using dir = openTempDir();
    assert.match(
      refusal(dir.path, { stateHome: path.join(dir.path, "state") }) ?? "",
      /contains the sandbox's own state/,
    );
    assert.match(
      refusal(dir.path, { stateHome: path.dirname(dir.path) }) ?? "",
      /lies in the sandbox's own state/,
    );
    assert.equal(refusal(dir.path, { stateHome: `${dir.path}-state` }), undefined);
  });
  it("is refused where another one lies in it, around it, or is the same", () => {
    using dir = openTempDir();
    const [one, two, inner] = ["one", "one-two", "one/inner"].map((name) =>
      path.join(dir.path, name),
    ) as [string, string, string];
    for (const name of [one, two, inner]) mkdirSync(name);
    assert.equal(refusal([one, two]), undefined);
    assert.match(refusal([one, inner]) ?? "", /lies in the other/);
    assert.match(refusal([inner, one]) ?? "", /lies in the other/);
    assert.match(refusal([two, two]) ?? "", /named twice/);
  });
  it("is refused where it contains a mount point, or the layers of others", {
    skip: notRoot,
  }, () => {
    using fs = openLoopFs({ type: "tmpfs", sizeMiB: 8 });
    assert.match(refusal(path.dirname(fs.path)) ?? "", /contains a mount point: .*mnt$/);
    assert.equal(refusal(fs.path), undefined);
    mkdirSync(path.join(fs.path, ".sandbox-1000"));
    assert.match(refusal(fs.path) ?? "", /layers of other sessions/);
  });
});
