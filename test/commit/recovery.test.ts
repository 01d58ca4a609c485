import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { isHot } from "../../src/commit/is-hot.js";
import { readStamps } from "../../src/commit/read-stamps.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const CASE = {
  base: ["f=old", "g=old", "gone=gone", "d/a=1"],
  edit: "echo task > f; echo task > g; rm gone; echo n > n; echo 2 > d/b; chmod 700 d",
};

/** Dies just before the seal, when every path has its new state. */
function dieBeforeSeal(session: CommitCase): void {
  const counter = watchOps(() => undefined);
  let last = 0;
  const { ops } = watchOps((call) => {
    if (call.name === "syncFilesystem") last += 1;
    if (last > 1) throw new Error("died");
  });
  assert.throws(() => session.commit({ ops }), /died/);
  assert.equal(counter.calls.length, 0);
  assert.equal(read(session, "f"), "task\n", "control: it was applied");
}

for (const staging of ["rename", "copy"] as const) {
  test(`what someone changed after the crash is left, both versions kept and named (${staging})`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, CASE, { staging });
    const before = describeTree(session.workspace);
    dieBeforeSeal(session);
    shell(session, "echo host > f; echo host > gone");
    assert.equal(isHot(session.commitDir()), true);
    const report = session.recover();
    assert.equal(report.outcome, "left");
    assert.deepEqual(report.left.map((one) => one.path).toSorted(), ["f", "gone"]);
    for (const one of report.left) {
      const kept = /is kept as (\S+)$/.exec(one.reason)?.[1] ?? "";
      assert.equal(readFileSync(kept, "utf8"), one.path === "f" ? "old" : "gone");
      assert.equal(read(session, one.path), "host\n");
    }
    assert.equal(read(session, "g"), "old");
    assert.equal(existsSync(path.join(session.workspace, "n")), false);
    assert.deepEqual(
      readdirSync(session.workspace).filter((name) => name.startsWith(".")),
      [],
    );
    assert.equal(isHot(session.commitDir()), true, "a person has to be told first");
    assert.equal(session.recover().outcome, "undone");
    assert.equal(isHot(session.commitDir()), false);
    assert.equal(read(session, "f"), "host\n");
    assert.notEqual(describeTree(session.workspace), before);
  });

  test(`a directory moved away and back is undone by the next recovery (${staging})`, () => {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, CASE, { staging });
    const before = describeTree(session.workspace);
    dieBeforeSeal(session);
    shell(session, "mv d ../aside; mkdir ../outside; ln -s ../outside d");
    const report = session.recover();
    assert.equal(report.outcome, "left");
    assert.deepEqual(readdirSync(path.join(dir.path, "outside")), []);
    shell(session, "rm d; mv ../aside d");
    assert.equal(session.recover().outcome, "undone");
    assert.equal(
      describeTree(session.workspace, { dirTimes: false }),
      dropDirTimes(before, session),
    );
  });
}

test("a journal cut short in its plan means that nothing was done", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  const before = describeTree(session.workspace);
  const { ops } = watchOps((call) => {
    if (call.name === "syncData") throw new Error("died");
    if (call.name === "truncate") throw new Error("died");
  });
  assert.throws(() => session.commit({ ops }), /died/);
  const file = path.join(session.commitDir(), "journal.jsonl");
  assert.equal(isHot(session.commitDir()), false, "it has its name when it is whole");
  const whole = readFileSync(path.join(session.commitDir(), "journal.new"));
  for (const length of [1, 20, Math.floor(whole.length / 2), whole.length - 1]) {
    writeFileSync(file, whole.subarray(0, length));
    assert.equal(isHot(session.commitDir()), true);
    assert.equal(session.recover().outcome, "undone");
    assert.equal(isHot(session.commitDir()), false);
  }
  assert.equal(describeTree(session.workspace), before);
});

/** What a power cut may leave of records that were not synced: the size has grown, the first of them was not written. */
const HOLE = "\0".repeat(5_000);

test("a seal whose results never reached the disk was not synced: undone", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  const before = describeTree(session.workspace);
  dieBeforeSeal(session);
  appendFileSync(
    path.join(session.commitDir(), "journal.jsonl"),
    `${HOLE}{"t":"sealed","sha256":"00"}\n`,
  );
  assert.equal(session.recover().outcome, "undone");
  assert.equal(isHot(session.commitDir()), false);
  assert.equal(describeTree(session.workspace), before);
});

test("a damaged journal is named, kept, and not guessed at", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  dieBeforeSeal(session);
  const now = describeTree(session.workspace);
  const file = path.join(session.commitDir(), "journal.jsonl");
  const whole = readFileSync(file, "utf8");
  const damages = [
    whole.replace('"act":"swap"', '"act":"take"'),
    whole.replace('"t":"step"', '"t":"stop"'),
    whole.replace("{", "["),
    whole.split("\n").toSpliced(3, 1).join("\n"),
    `${whole}{"t":"what"}\n`,
    // A hole where a sync was before what follows.
    `${whole}${HOLE}{"t":"done"}\n`,
    `${whole.slice(0, whole.indexOf('{"t":"staged"'))}${HOLE}{"t":"results"}\n`,
    `${whole.slice(0, 100)}${HOLE}${whole.slice(100)}`,
  ];
  for (const damaged of damages) {
    assert.notEqual(damaged, whole);
    writeFileSync(file, damaged);
    assert.throws(() => session.recover(), { code: "damaged", message: new RegExp(file) });
    assert.equal(readFileSync(file, "utf8"), damaged);
    assert.equal(describeTree(session.workspace), now);
  }
  writeFileSync(file, whole);
  appendFileSync(file, '{"t":"undo');
  assert.equal(session.recover().outcome, "undone", "control: whole, with a torn last line");
});

test("a big file that is deleted can be committed after an attempt that was undone", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: [],
    prepare: "head -c 2000000 /dev/zero > big",
    edit: "rm big",
  });
  assert.equal(session.changeset.changes[0]?.before?.digest, undefined, "control: not read");
  const fault = watchOps((call) => {
    if (call.name === "syncData" && call.count > 8)
      throw Object.assign(new Error("EIO"), { code: "EIO" });
  });
  assert.throws(() => session.commit({ ops: fault.ops }), /input\/output error/);
  session.commit({ id: "b" });
  assert.equal(existsSync(path.join(session.workspace, "big")), false);
  session.rollback({ of: "b", id: "c" });
  assert.equal(readFileSync(path.join(session.workspace, "big")).length, 2_000_000);
});

test("recovery of what is ended does nothing", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  session.commit();
  const after = describeTree(session.workspace);
  assert.equal(session.recover().outcome, "finished");
  assert.equal(describeTree(session.workspace), after);
});

test("stamps name every path that was written and the directories around them", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, CASE);
  session.commit();
  const paths = readStamps(session.commitDir()).map((stamp) => stamp.path);
  assert.deepEqual([...new Set(paths)].toSorted(), ["", "d", "d/b", "f", "g", "n"]);
});

for (const what of ["commit", "rollback"] as const) {
  test(`a ${what} ended by SIGKILL at any of its calls is recovered`, { timeout: 300_000 }, () => {
    using dir = openTempDir();
    const child = fileURLToPath(new URL("./kill-child.js", import.meta.url));
    const result = spawnSync(process.execPath, [child, what, dir.path], { encoding: "utf8" });
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /killed [1-9]\d+ times/);
  });
}

function dropDirTimes(tree: string, session: CommitCase): string {
  return tree
    .split("\n")
    .map((line) => {
      const name = JSON.parse(/^"(?:[^"\\]|\\.)*"/.exec(line)?.[0] ?? '"?"') as string;
      const isDir = name === "" || name === "d";
      return isDir && session.workspace !== "" ? line.replace(/ \d{12,} /, "  ") : line;
    })
    .join("\n");
}

function read(session: CommitCase, name: string): string {
  return readFileSync(path.join(session.workspace, name), "utf8");
}

function shell(session: CommitCase, script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd: session.workspace, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
}
