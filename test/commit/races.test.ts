import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isHot } from "../../src/commit/is-hot.js";
import { isSandboxError } from "../../src/core/error.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const CASE = {
  base: ["d/f=old", "d/gone=gone", "d/s/x=x", "d/chmodded/"],
  edit: "echo task > d/f; rm d/gone; rm -r d/s; echo n > d/n; chmod 700 d/chmodded; mkdir d/m; echo i > d/m/i",
};

/** Runs `act` before the mutating call number `count` of a commit; `reached` where there are that many. */
function commitWith(
  session: CommitCase,
  count: number,
  act: () => void,
): { readonly reached: boolean; readonly error: unknown } {
  let reached = false;
  const { ops } = watchOps((call) => {
    if (call.count !== count) return;
    reached = true;
    act();
  });
  try {
    session.commit({ ops });
    return { reached, error: undefined };
  } catch (error) {
    assert.ok(isSandboxError(error) && error.code === "conflict", String(error));
    return { reached, error };
  }
}

for (const staging of ["rename", "copy"] as const) {
  test(`a directory swapped for a symbolic link at any moment leads nowhere (${staging})`, () => {
    let seen = 0;
    for (let count = 1; ; count += staging === "rename" ? 1 : 3) {
      using dir = openTempDir();
      const session = openCommitCase(dir.path, CASE, { staging });
      const outside = path.join(dir.path, "outside");
      for (const name of ["f", "gone", "s", "chmodded"])
        mkdirSync(path.join(outside, name), { recursive: true });
      const before = describeTree(outside);
      const old = describeTree(session.workspace, { dirTimes: false });
      const result = commitWith(session, count, () =>
        shell(session, "mv d ../aside; ln -s ../outside d"),
      );
      if (!result.reached) break;
      assert.equal(describeTree(outside), before, `at ${count}`);
      if (result.error !== undefined) seen += 1;
      shell(session, "rm d; mv ../aside d");
      settle(session);
      const now = describeTree(session.workspace, { dirTimes: false });
      const wanted = describeTree(session.snapshot, { dirTimes: false });
      assert.ok(result.error === undefined ? now === wanted : now === old, `at ${count}: ${now}`);
    }
    assert.ok(seen > 10, `control: it was in the way ${seen} times`);
  });

  test(`a file saved by the host at any moment is never lost (${staging})`, () => {
    let seen = 0;
    for (let count = 1; ; count += staging === "rename" ? 1 : 3) {
      using dir = openTempDir();
      const session = openCommitCase(dir.path, CASE, { staging });
      const file = path.join(session.workspace, "d/f");
      // As an editor does it: beside, then in its place.
      const result = commitWith(session, count, () =>
        shell(session, "echo host > d/tmp; mv d/tmp d/f"),
      );
      if (!result.reached) break;
      assert.equal(readFileSync(file, "utf8"), "host\n", `at ${count}`);
      if (result.error !== undefined) seen += 1;
      settle(session);
      assert.equal(readFileSync(file, "utf8"), "host\n", `at ${count}, recovered`);
    }
    assert.ok(seen > 5, "control: it was in the way");
  });

  test(`a file the host adds to a directory that goes is never lost (${staging})`, () => {
    for (let count = 1; ; count += staging === "rename" ? 1 : 3) {
      using dir = openTempDir();
      const session = openCommitCase(dir.path, CASE, { staging });
      let added = false;
      const result = commitWith(session, count, () => {
        const target = path.join(session.workspace, "d/s");
        if (!existsSync(target)) return;
        shell(session, "echo host > d/s/host");
        added = true;
      });
      if (!result.reached) break;
      settle(session);
      if (!added) continue;
      assert.equal(readFileSync(path.join(session.workspace, "d/s/host"), "utf8"), "host\n");
      assert.notEqual(result.error, undefined, `at ${count}`);
    }
  });
}

/** Once to be told what is left, once more to go on. */
function settle(session: CommitCase): void {
  if (isHot(session.commitDir())) session.recover();
  if (isHot(session.commitDir())) session.recover();
  assert.equal(isHot(session.commitDir()), false);
}

function shell(session: CommitCase, script: string): void {
  const result = spawnSync("sh", ["-ec", script], { cwd: session.workspace, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${script}: ${result.stderr}`);
}
