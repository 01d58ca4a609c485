import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isHot } from "../../src/commit/is-hot.js";
import { readApplied } from "../../src/commit/read-applied.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const CASE = {
  base: ["f@640=one\ntwo\n", "g=old"],
  edit: "printf 'ONE\\nTWO\\n' > f; echo new > g",
};
const HALF = { f: { content: "ONE\ntwo\n", rest: "pending" } } as const;

for (const staging of ["rename", "copy"] as const) {
  test(`a part of a file is committed, the layers keep the whole, and it rolls back alone (${staging})`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, CASE, { staging });
    const before = describeTree(session.workspace);
    session.commit({ compose: HALF });
    assert.equal(read(session, "f"), "ONE\ntwo\n");
    assert.equal(read(session, "g"), "new\n");
    const rest = session.reread();
    assert.deepEqual(
      rest.changes.map((change) => [change.path, change.hostTouched]),
      [["f", undefined]],
    );
    session.commit({ id: "b", changeset: rest });
    assert.equal(read(session, "f"), "ONE\nTWO\n");
    assert.deepEqual(session.reread().changes, []);
    session.rollback({ of: "b", id: "c" });
    assert.equal(read(session, "f"), "ONE\ntwo\n");
    session.rollback({ of: "a", id: "d" });
    assert.equal(describeTree(session.workspace), before);
  });

  test(`a partial commit that dies before any of its calls is undone or finished (${staging})`, () => {
    const seen = { old: 0, new: 0 };
    for (let count = 1; ; count += 1) {
      const tree = dieAt(count, staging);
      if (tree === undefined) break;
      seen[tree] += 1;
    }
    assert.ok(seen.old > 20 && seen.new > 2, JSON.stringify(seen));
  });
}

/** A commit that dies before its call number `count`, recovered; undefined where it has not so many. */
function dieAt(count: number, staging: "rename" | "copy"): "old" | "new" | undefined {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE, { staging });
  const before = describeTree(session.workspace);
  const { ops, calls } = watchOps((call) => {
    if (call.count >= count) throw new Error("died");
  });
  try {
    session.commit({ compose: HALF, ops });
  } catch (error) {
    assert.match(String(error), /died/);
  }
  if (calls.length < count) return undefined;
  if (isHot(session.commitDir())) session.recover();
  const isNew = read(session, "f") === "ONE\ntwo\n";
  if (isNew) assert.equal(read(session, "g"), "new\n");
  else assert.equal(describeTree(session.workspace), before);
  const pending = session.reread().changes.map((change) => change.path);
  assert.deepEqual(pending, isNew ? ["f"] : ["f", "g"]);
  return isNew ? "new" : "old";
}

test("the journal says what was committed in part, and how it was left", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  session.commit({ compose: HALF });
  const [f, g] = readApplied(session.commitDir()).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  assert.equal(g?.partly, undefined);
  const now = session.reread().changes[0]?.before;
  const { mode, size, ino, ctimeNs, mtimeNs, digest } = f?.partly ?? {};
  assert.deepEqual(
    { mode, size, ino, ctimeNs, mtimeNs, digest },
    {
      ...{ mode: now?.mode, size: now?.size, ino: now?.ino },
      ...{ ctimeNs: now?.ctimeNs, mtimeNs: now?.mtimeNs, digest: now?.digest },
    },
  );
});

test("composed content that is not what its digest says is never put into the workspace", () => {
  for (const tampered of [false, true]) {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, CASE);
    const file = path.join(session.commitDir(), "composed", "0");
    const { ops } = watchOps((call) => {
      if (tampered && call.count === 1) writeFileSync(file, "EVIL\ntwo\n");
    });
    const commit = (): unknown => session.commit({ compose: HALF, ops });
    if (!tampered) commit();
    else assert.throws(commit, { code: "changed-since-review" });
    assert.equal(read(session, "f"), tampered ? "one\ntwo\n" : "ONE\ntwo\n");
    assert.equal(isHot(session.commitDir()), false);
  }
});

test("layers altered after the review stop a composed commit too", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  writeFileSync(path.join(session.layers[0]?.upper ?? "", "f"), "else\n");
  assert.throws(() => session.commit({ compose: HALF }), { code: "changed-since-review" });
  assert.equal(read(session, "f"), "one\ntwo\n");
  assert.ok(!existsSync(path.join(session.workspace, ".sandbox")));
});

function read(session: CommitCase, name: string): string {
  return readFileSync(path.join(session.workspace, name), "utf8");
}
