import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import type { Change } from "../../src/core/change.js";
import { toChangesetDigest } from "../../src/core/changeset-digest.js";
import { sealLayers } from "../../src/overlay/seal-layers.js";
import { type CommitCase, native, openCommitCase, toCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { mountAndEdit } from "../support/overlay-case.js";
import { openTempDir, type TempDir } from "../support/temp-tree.js";
import { everyKind } from "./every-kind.js";

/** Every single change of the case on its own, one commit after the other, each read anew. */
for (const staging of ["rename", "copy"] as const) {
  test(`what is not selected stays pending, digest for digest (${staging})`, () => {
    using dir = openTempDir();
    let session = openCommitCase(dir.path, everyKind, { staging });
    const before = describeTree(session.workspace);
    const letters = [..."abcdefghijklmnopqrstuvwxyz234567"];
    const ids: string[] = [];
    while (session.changeset.changes.length > 0) {
      const id = letters[ids.length] ?? "";
      const applied = commitOne(session, id);
      assert.ok(applied > 0);
      const pending = session.reread();
      const kept = session.changeset.changes.length - applied;
      assert.equal(pending.changes.length, kept, `after ${id}`);
      session = toCommitCase({ ...session, changeset: pending });
      ids.push(id);
    }
    assert.equal(
      describeTree(session.workspace, { dirTimes: false }),
      describeTree(session.snapshot, { dirTimes: false }),
    );
    for (const [index, id] of ids.toReversed().entries()) {
      mkdirSync(session.commitDir(`${letters[31 - index]}`), { recursive: true });
      const plan = session.planRollback(id);
      assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []], id);
      rollbackTo(session, id, index);
    }
    assert.equal(describeTree(session.workspace), before);
  });
}

/** Commits the first change that can go alone (a directory whose content is pending cannot), with the links it is one of. */
function commitOne(session: CommitCase, id: string): number {
  const { changes } = session.changeset;
  for (const { path: name, after } of changes) {
    const links = changes.filter((other) => after?.linkGroup && isLinked(other, after.linkGroup));
    const select = links.length > 0 ? links.map((link) => link.path) : [name];
    if (session.plan(select).conflicts.length > 0) continue;
    return session.commit({ select, id }).applied.length;
  }
  return 0;
}

function isLinked(change: Change, group: string): boolean {
  return change.after?.linkGroup === group;
}

function rollbackTo(session: CommitCase, of: string, index: number): void {
  const own = path.join(session.commitsDir, `rollbacks-${index}`);
  const moved = toCommitCase({ ...session, commitsDir: own });
  mkdirSync(own, { recursive: true });
  spawnSync("ln", ["-s", session.commitDir(of), moved.commitDir("a")]);
  moved.rollback({ of: "a", id: "b" });
}

test("the directories a selected path needs come along, and nothing else", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["was=file"],
    edit: "mkdir -p n/m; echo 1 > n/m/a; echo 2 > n/m/b; echo 3 > n/c; rm was; mkdir was; echo 4 > was/d",
  });
  const result = session.commit({ select: ["n/m/a", "was/d"] });
  assert.deepEqual(
    result.applied.map((change) => change.path),
    ["n", "n/m", "n/m/a", "was", "was/d"],
  );
  const pending = session.reread();
  assert.deepEqual(
    pending.changes.map((change) => change.path),
    ["n/c", "n/m/b"],
  );
  assert.equal(result.pendingDigest, pending.digest);
  assert.equal(result.digest, toChangesetDigest(result.applied));
});

test("deletions under a directory that was made anew stay pending when its new content is committed", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["d/a=1", "d/b=2", "d/sub/c=3", "d/keep/k=4"],
    edit: "rm -r d; mkdir -p d/keep; echo new > d/n; echo sub > d/keep/n",
  });
  session.commit({ select: ["d/n", "d/a"] });
  assert.deepEqual(
    session.reread().changes.map((change) => `${change.kind} ${change.path}`),
    ["delete d/b", "add d/keep/n", "delete d/keep/k", "delete d/sub", "delete d/sub/c"].toSorted(
      (one, two) => ((one.split(" ")[1] ?? "") < (two.split(" ")[1] ?? "") ? -1 : 1),
    ),
  );
});

test("a later task on the same layers never writes into a committed file", () => {
  for (const select of ["all", ["one"]] as const) {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, {
      base: ["f=old"],
      edit: "echo task > f; echo linked > one; ln one two; ln one three",
    });
    session.commit({ select });
    const committed = path.join(session.workspace, "one");
    assert.equal(readFileSync(committed, "utf8"), "linked\n");
    editAgain(dir, session, "for n in f one two three; do [ ! -e $n ] || echo again >> $n; done");
    assert.equal(readFileSync(committed, "utf8"), "linked\n");
    assert.equal(statSync(committed).nlink, select === "all" ? 3 : 1);
    assert.ok(
      session.reread().changes.some((change) => change.path === "f"),
      "control: it wrote",
    );
  }
});

test("a commit of nothing leaves everything as it is", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: ["f=old"], edit: "echo task > f" });
  const before = describeTree(session.workspace);
  session.commit({ select: [] });
  assert.equal(describeTree(session.workspace), before);
  assert.equal(session.reread().digest, session.changeset.digest);
});

test("a directory does not go while something in it is not selected", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: ["d/a=1", "d/b=2"], edit: "rm -r d" });
  const { conflicts } = session.plan(["d", "d/a"]);
  assert.match(conflicts[0]?.reason ?? "", /^cannot go: it holds d\/b, not selected/);
  assert.deepEqual(session.plan(["d", "d/a", "d/b"]).conflicts, [], "control");
});

function editAgain(dir: TempDir, session: CommitCase, edit: string): void {
  const [layers] = session.layers;
  if (layers === undefined) throw new Error("no layers");
  sealLayers(layers, native);
  mountAndEdit(layers, { merged: path.join(dir.path, "merged"), edit });
}

test("rolling one commit back leaves the others", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["f=1", "g=1"],
    edit: "echo 2 > f; echo 2 > g",
  });
  session.commit({ select: ["f"], id: "c" });
  session.commit({ select: ["g"], id: "d", changeset: session.reread() });
  session.rollback({ of: "c", id: "e" });
  assert.equal(readFileSync(path.join(session.workspace, "f"), "utf8"), "1");
  assert.equal(readFileSync(path.join(session.workspace, "g"), "utf8"), "2\n");
  writeFileSync(path.join(session.workspace, "g"), "later\n");
  assert.match(session.planRollback("d").conflicts[0]?.reason ?? "", /^changed since the commit/);
});
