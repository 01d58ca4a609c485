import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";

const BASE = ["f=old", "g=same", "l->f", "p|", "d/a=1", "d/b=2", "d/sub/c=3", "e/x=x"];

/** What the task did, what the host did after it ended, and the conflict: `path: reason`. */
const MATRIX: readonly (readonly [task: string, host: string, conflict: RegExp])[] = [
  ["echo task > f", "echo host > f", /^f: changed on the host: has other content/],
  ["echo task > f", "cp -p f k; printf OLD > f; touch -r k f; rm k", /^f: .*other content/],
  ["echo task > f", "chmod 600 f", /^f: changed on the host: has mode 0600, not 0644/],
  ["echo task > f", "setfattr -n user.x -v 1 f", /^f: .*other attributes/],
  ["echo task > f", "rm f", /^f: was deleted on the host/],
  ["echo task > f", "rm f; mkdir f", /^f: .*is now a directory/],
  ["echo task > f", "rm f; ln -s /etc/hostname f", /^f: .*is now a symbolic link/],
  ["chmod 755 f", "echo host > f", /^f: .*other content/],
  ["rm f", "echo host > f", /^f: .*other content/],
  ["rm f", "rm f; mkfifo f", /^f: .*is now a fifo/],
  ["rm f; mkdir f; echo i > f/i", "echo host > f", /^f: .*other content/],
  ["ln -sfn g l", "ln -sfn /etc l", /^l: .*points elsewhere/],
  ["rm l", "rm l; echo file > l", /^l: .*is now a file/],
  ["echo new > n", "echo host > n", /^n: was created on the host/],
  ["echo new > n", "mkdir n", /^n: was created on the host \(a directory\)/],
  ["mkdir n; echo new > n/i", "echo host > n", /^n: was created on the host/],
  ["mkdir n; echo new > n/i", "ln -s /etc n", /^n: was created on the host \(a symbolic link\)/],
  ["echo new > d/n", "rm -r d", /^d\/n: the directory it belongs in is gone/],
  ["echo new > d/n", "mv d q; ln -s q d", /^d\/n: a directory above it is a symbolic link/],
  ["echo task > d/a", "mv d q; ln -s q d", /^d\/a: a directory above it is a symbolic link/],
  ["rm d/a", "mv d q; ln -s q d", /^d\/a: a directory above it is a symbolic link/],
  ["rm -r d", "echo host > d/h", /^d: cannot go: it holds d\/h, not among the task's deletions/],
  ["rm -r d", "echo host > d/sub/h", /^d\/sub: cannot go: it holds d\/sub\/h/],
  ["rm -r d", "echo host > d/sub/c", /d\/sub\/c: .*other content/],
  ["rm -r d; mkdir d; echo n > d/n", "echo host > d/a", /^d\/a: .*other content/],
  ["rm -r d; echo file > d", "echo host > d/h", /^d: cannot go: it holds d\/h/],
  ["rm -r d; echo file > d", "chmod 700 d", /^d: .*has mode 0700/],
  ["chmod 750 e", "chmod 700 e", /^e: .*has mode 0700/],
  ["rm p", "rm p; echo x > p", /^p: .*is now a file/],
];

for (const [task, host, conflict] of MATRIX) {
  test(`stops where the task did "${task}" and the host "${host}"`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, { base: BASE, edit: task });
    assert.deepEqual(session.plan().conflicts, [], "control: without the host it would go");
    shell(session.workspace, host);
    const before = describeTree(session.workspace);
    const found = session.plan().conflicts.map((one) => `${one.path}: ${one.reason}`);
    assert.match(found.join(" "), conflict);
    assert.throws(
      () => session.commit(),
      (error) => isSandboxError(error) && error.code === "conflict",
    );
    assert.equal(describeTree(session.workspace), before);
    assert.equal(existsSync(path.join(session.commitDir(), "journal.jsonl")), false);
  });
}

/** What the host did that is no reason to stop. */
const HARMLESS: readonly (readonly [task: string, host: string])[] = [
  ["echo task > f", "touch f"],
  ["echo task > f", "cp -p f k; rm f; mv k f"],
  ["echo task > f", "ln f k; rm k"],
  ["rm -r d", "touch d d/a"],
  ["rm f", "chmod 600 f; chmod 644 f"],
  ["echo new > d/n", "echo host > d/h"],
  ["chmod 750 e", "echo host > e/h"],
  ["ln -sfn g l", "touch -h l"],
];

for (const [task, host] of HARMLESS) {
  test(`goes on where the task did "${task}" and the host "${host}"`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, { base: BASE, edit: task });
    shell(session.workspace, host);
    const result = session.commit();
    assert.deepEqual(result.applied, session.changeset.changes);
    for (const { path: name, after } of session.changeset.changes)
      assert.equal(existsSync(path.join(session.workspace, name)), after !== undefined);
  });
}

test("the same change made by the host is nothing to do", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: BASE,
    edit: "echo task > f; rm g; ln -sfn g l; mkdir n; echo i > n/i; rm -r d; echo more > e/y",
  });
  shell(session.workspace, "echo task > f; rm g; ln -sfn g l; mkdir n; echo i > n/i; rm -r d");
  const inodes = describeTree(session.workspace);
  const plan = session.plan();
  assert.deepEqual(
    plan.changes.map((change) => change.path),
    ["e/y"],
  );
  assert.deepEqual(plan.conflicts, []);
  session.commit({ select: ["f", "g", "l", "n", "n/i"] });
  assert.equal(describeTree(session.workspace), inodes);
  session.commit({ id: "b" });
  assert.equal(readFileSync(path.join(session.workspace, "e/y"), "utf8"), "more\n");
});

test("what the host touched during the run stops the commit, unless it is the same change", () => {
  for (const [host, paths] of [
    ["echo host > f", ["f"]],
    ["echo task > f", []],
  ] as const) {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, { base: BASE, edit: "echo task > f", host });
    assert.deepEqual(
      session.plan().conflicts.map((one) => one.path),
      paths,
    );
  }
});

function shell(cwd: string, script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
}

test("what a selection would leave in a directory that goes can be selected too", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: BASE, edit: "rm -r d" }, { snapshot: false });
  const [conflict] = session.plan(["d"]).conflicts;
  assert.deepEqual([conflict?.path, conflict?.ways], ["d", ["select", "ours"]]);
});

test("a file with attributes that the task deletes is no conflict where the host only touched it", () => {
  using dir = openTempDir();
  const one = { base: BASE, prepare: "setfattr -n user.x -v 1 f", edit: "rm f" };
  const session = openCommitCase(dir.path, one, { snapshot: false });
  shell(session.workspace, "chmod 600 f; chmod 644 f");
  assert.deepEqual(session.plan().conflicts, []);
  shell(session.workspace, "setfattr -n user.x -v 2 f");
  assert.match(session.plan().conflicts[0]?.reason ?? "", /other attributes/);
});

test("trees a thousand directories deep go there and back", () => {
  using dir = openTempDir();
  const edit = "i=0; while [ $i -lt 1000 ]; do mkdir dd; cd -P dd; i=$((i+1)); done; echo x > f";
  const session = openCommitCase(dir.path, { base: BASE, edit }, { snapshot: false });
  const before = describeTree(session.workspace);
  assert.equal(session.commit().applied.length, 1001);
  assert.deepEqual(session.reread().changes, []);
  assert.deepEqual(session.rollback().conflicts, []);
  assert.equal(describeTree(session.workspace), before);
});
