import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import test from "node:test";
import { isHot } from "../../src/commit/is-hot.js";
import { openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { everyKindSealed } from "./every-kind.js";

for (const staging of ["rename", "copy"] as const) {
  test(`brings every kind of change over and takes it back (${staging})`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, everyKindSealed, { staging });
    const before = describeTree(session.workspace);
    const wanted = describeTree(session.snapshot, { dirTimes: false });
    session.commit();
    assert.equal(describeTree(session.workspace, { dirTimes: false }), wanted);
    assert.equal(isHot(session.commitDir()), false);
    const after = describeTree(session.workspace);
    const plan = session.rollback();
    assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []]);
    assert.equal(describeTree(session.workspace), before);
    session.rollback({ of: "b", id: "c" });
    assert.equal(describeTree(session.workspace), after);
  });

  test(`leaves nothing in the layers but directories, which are no change (${staging})`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, everyKindSealed, { staging });
    session.commit();
    assert.deepEqual(session.reread().changes, []);
    const upper = session.layers[0]?.upper ?? "";
    const entries = readdirSync(upper, { recursive: true, withFileTypes: true });
    assert.deepEqual(
      entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name),
      [],
    );
  });
}

test("a directory whose metadata is committed goes from the layers with what was in it", () => {
  using dir = openTempDir();
  const session = openCommitCase(
    dir.path,
    { base: ["d/f=old", "d/gone=gone"], edit: "echo task > d/f; rm d/gone; chmod 711 d" },
    { staging: "copy" },
  );
  session.commit();
  assert.deepEqual(readdirSync(session.layers[0]?.upper ?? ""), []);
});
