import assert from "node:assert/strict";
import { closeSync, linkSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const CASES = [
  { did: "changed", edit: "echo task > f" },
  { did: "replaced", edit: "echo task > t; mv t f" },
  { did: "deleted", edit: "rm f" },
  { did: "made a directory", edit: "rm f; mkdir f" },
] as const;

/** When somebody gets hold of the old inode, and how. */
const HOLDS = [
  { how: "opened before", at: "before", hold: (file: string) => openSync(file, "r+") },
  { how: "linked and opened before", at: "before", hold: linkAndOpen },
  {
    how: "opened while it is committed",
    at: "during",
    hold: (file: string) => openSync(file, "r+"),
  },
] as const;

function linkAndOpen(file: string): number {
  linkSync(file, `${file}.link`);
  return openSync(`${file}.link`, "r+");
}

for (const { did, edit } of CASES)
  for (const { how, at, hold } of HOLDS) {
    test(`a file that the task ${did}, ${how} and written to in place afterwards`, () => {
      using dir = openTempDir();
      const session = openCommitCase(dir.path, {
        base: ["f=old", "g=old"],
        edit: `${edit}; echo task > g`,
      });
      const file = path.join(session.workspace, "f");
      const holder = at === "before" ? hold(file) : commitAnd(session, () => hold(file));
      if (at === "before") session.commit();
      assert.ok(holder !== undefined);
      const committed = readAny(session, "f");
      writeSync(holder, "OLD", 0);
      closeSync(holder);
      const plan = session.rollback();
      assert.deepEqual(plan.conflicts, []);
      // What was held when it was looked at was copied; what came in between is found, and never restored as if it were the old.
      if (at === "before") assert.equal(readAny(session, "f"), "old");
      else {
        assert.deepEqual(
          plan.unrestorable.map((one) => one.path),
          ["f"],
        );
        assert.match(plan.unrestorable[0]?.reason ?? "", /was written to after the commit/);
        assert.equal(readAny(session, "f"), committed);
      }
      assert.equal(readAny(session, "g"), "old", "control: the rest comes back");
    });
  }

/** Commits, and acts before the first step takes the place of a path. */
function commitAnd(session: CommitCase, act: () => number): number | undefined {
  let result: number | undefined;
  const seen = watchOps((call) => {
    // The second sync is the end of staging: the next rename is a step.
    if (call.name === "rename" && seen.calls.filter((name) => name === "syncData").length === 2)
      result ??= act();
  });
  session.commit({ ops: seen.ops });
  return result;
}

function readAny(session: CommitCase, name: string): string | undefined {
  try {
    return readFileSync(path.join(session.workspace, name), "utf8");
  } catch (error) {
    return (error as { code?: string }).code;
  }
}
