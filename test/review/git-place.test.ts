import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileType } from "../../src/core/change.js";
import { toGitPlaceOf } from "../../src/review/git-group.js";
import { change, next } from "./changes.js";

test("a directory of git's own is data, a link or file in its place is obeyed", () => {
  const roleOf = (path: string, type: FileType): string | undefined =>
    toGitPlaceOf(change(path, { after: next({ type }) }))?.role;
  for (const path of [".git", ".git/hooks", ".git/info", "sub/.git/hooks"]) {
    assert.equal(roleOf(path, "dir"), "data", path);
    assert.equal(roleOf(path, "symlink"), "extra", path);
    assert.equal(roleOf(path, "file"), "extra", path);
  }
  assert.equal(roleOf(".git/index", "file"), "data", "control: that is a file");
});
