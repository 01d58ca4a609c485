import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import test from "node:test";
import { readApplied } from "../../src/commit/read-applied.js";
import { readJournal } from "../../src/commit/read-journal.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";

const BASE = ["f=old", "g=old", "gone=gone", "d/a=1", "d/b=2"];
const EDIT =
  "echo task > f; echo task > g; rm gone; rm -r d; mkdir -p n/m; echo 1 > n/m/x; echo 2 > n/y";

test("later edits are conflicts; everything else is restored and nothing else is touched", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: BASE, edit: EDIT });
  session.commit();
  shell(session, "echo later > f; echo mine > n/mine; mkdir d; echo mine > d/mine; echo own > own");
  const plan = session.rollback();
  assert.deepEqual(plan.conflicts.map((one) => `${one.path}: ${one.reason}`).toSorted(), [
    "f: changed since the commit: has other content",
    "n: holds n/mine, which stays",
  ]);
  assert.deepEqual(plan.restore.map((one) => `${one.action} ${one.path}`).toSorted(), [
    "recreate d/a",
    "recreate d/b",
    "recreate gone",
    "remove n/m",
    "remove n/m/x",
    "remove n/y",
    "restore g",
  ]);
  assert.equal(read(session, "f"), "later\n");
  assert.equal(read(session, "g"), "old");
  assert.equal(read(session, "gone"), "gone");
  assert.equal(read(session, "n/mine"), "mine\n");
  assert.equal(read(session, "own"), "own\n");
  assert.deepEqual(readdirSync(path.join(session.workspace, "d")).toSorted(), ["a", "b", "mine"]);
  assert.deepEqual(readdirSync(path.join(session.workspace, "n")), ["mine"]);
});

test("what was taken back by hand is passed over, and a second rollback has nothing to do", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: BASE, edit: EDIT });
  session.commit();
  shell(session, "printf old > f; rm -r n");
  const plan = session.rollback();
  assert.deepEqual(plan.conflicts, []);
  assert.ok(!plan.restore.some((one) => one.path === "f" || one.path.startsWith("n")));
  assert.deepEqual(session.planRollback().restore, []);
  assert.deepEqual(session.planRollback().conflicts, []);
});

test("a directory on the way that is a symbolic link now is not followed", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["d/a=1", "d/b=2"],
    edit: "echo task > d/a; rm d/b",
  });
  session.commit();
  shell(session, "mv d ../outside; ln -s ../outside d");
  const outside = describeTree(path.join(dir.path, "outside"));
  const plan = session.rollback();
  assert.deepEqual(plan.restore, []);
  assert.equal(plan.conflicts.length, 2);
  assert.equal(describeTree(path.join(dir.path, "outside")), outside);
});

test("a file someone holds open for writing is restored as it was, not as they left it", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: ["f=old"], edit: "echo task > f" });
  const holder = openSync(path.join(session.workspace, "f"), "r+");
  session.commit();
  writeSync(holder, "written late");
  closeSync(holder);
  assert.deepEqual(session.rollback().unrestorable, []);
  assert.equal(read(session, "f"), "old");
});

test("a hard link of the base stays one on rollback, unless the other name was written to", () => {
  for (const written of [false, true]) {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, {
      base: ["a=old"],
      prepare: "ln a b",
      edit: "rm a; echo task > a",
    });
    session.commit();
    assert.equal(read(session, "b"), "old");
    if (written) writeFileSync(path.join(session.workspace, "b"), "host\n");
    assert.deepEqual(session.rollback().unrestorable, []);
    assert.equal(read(session, "a"), "old");
    assert.equal(statSync(path.join(session.workspace, "a")).nlink, written ? 1 : 2);
    assert.equal(read(session, "b"), written ? "host\n" : "old");
  }
});

test("what is no longer kept as it was is named, and not restored", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["f=old", "g=old"],
    edit: "echo task > f; echo task > g",
  });
  session.commit();
  const before = path.join(session.commitDir(), "before");
  const kept = readdirSync(before).map((name) => path.join(before, name));
  const first = kept[0] ?? "";
  chmodSync(first, 0o644);
  writeFileSync(first, "hit");
  const plan = session.rollback();
  assert.equal(plan.unrestorable.length, 1);
  assert.match(plan.unrestorable[0]?.reason ?? "", /written to after the commit/);
  assert.equal(plan.restore.length, 1);
  const name = plan.unrestorable[0]?.path ?? "";
  assert.equal(read(session, name), "task\n");
});

test("a rollback that finds a path changed while it acts undoes itself", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: BASE, edit: EDIT });
  session.commit();
  const plan = session.planRollback();
  shell(session, "echo later > f");
  const before = describeTree(session.workspace);
  assert.throws(() => session.applyRollback(plan, "b"), { code: "conflict" });
  assert.equal(describeTree(session.workspace), before);
  assert.deepEqual(session.planRollback().unrestorable, []);
  assert.ok(existsSync(session.commitDir("b")));
});

function read(session: CommitCase, name: string): string {
  return readFileSync(path.join(session.workspace, name), "utf8");
}

function shell(session: CommitCase, script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd: session.workspace, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
}

test("the paths a commit wrote are those of its steps, however they are spelt", () => {
  using dir = openTempDir();
  const names = ['quo"te', "back\\slash", "tab\there", "ünï"];
  const edit = `${names.map((name) => `echo x > '${name}'`).join("; ")}; printf x > "$(printf '\\377')"; echo y > f.composed`;
  const session = openCommitCase(dir.path, { base: ["gone=x"], edit: `${edit}; rm gone` });
  session.commit();
  const written = readApplied(session.commitDir()).map((place) => place.path);
  const steps = readJournal(session.commitDir()).transaction?.steps ?? [];
  assert.deepEqual(written.toSorted(), steps.map((step) => step.path).toSorted());
  assert.deepEqual(
    written.toSorted(),
    session.changeset.changes.map((change) => change.path).toSorted(),
  );
  assert.equal(written.length, 7);
});
