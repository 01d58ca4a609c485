import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import test, { after, before } from "node:test";
import type { PathConflict } from "../../src/commit/plan-commit.js";
import { isSandboxError } from "../../src/core/error.js";
import { native } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { CELLS, type Cell, Matrix } from "./conflict-cells.js";
import { judge, mergeTrees, readTrees, tellHost, tellTask } from "./conflict-oracle.js";

let matrix: Matrix;
before(() => {
  matrix = new Matrix();
});
after(() => matrix[Symbol.dispose]());

/** The place of the cell a path lies in. */
function toPlace(name: string): string {
  return name.split("/").slice(0, 2).join("/");
}

function toConflicts(): ReadonlyMap<string, readonly PathConflict[]> {
  const byPlace = new Map<string, PathConflict[]>();
  for (const conflict of matrix.plan.conflicts) {
    const place = toPlace(conflict.path);
    byPlace.set(place, [...(byPlace.get(place) ?? []), conflict]);
  }
  return byPlace;
}

test("each task against each host at each moment commits, is nothing to do, or is a conflict, by one simple rule", () => {
  const conflicts = toConflicts();
  const going = new Set(matrix.plan.changes.map((change) => toPlace(change.path)));
  const seen = { commits: 0, "no-op": 0, conflict: 0 };
  const wrong = CELLS.flatMap((cell) => {
    const expected = judge(matrix.sides(cell));
    seen[expected] += 1;
    const own = conflicts.get(cell.place) ?? [];
    const found = own.length > 0 ? "conflict" : going.has(cell.place) ? "commits" : "no-op";
    const why = own.map(({ path: name, reason }) => `${name}: ${reason}`).join("; ");
    return found === expected ? [] : [`${cell.about}: ${found}, not ${expected} ${why}`];
  });
  assert.deepEqual(wrong.slice(0, 20), []);
  for (const count of Object.values(seen)) assert.ok(count > 100, JSON.stringify(seen));
});

test("each conflict names the path, what the task did, what the host did, and ways out", () => {
  const conflicts = toConflicts();
  for (const cell of CELLS) {
    const sides = matrix.sides(cell);
    for (const conflict of conflicts.get(cell.place) ?? []) checkTold(conflict);
    function checkTold({
      path: full,
      task = "",
      host = "",
      ways = [],
      reason,
    }: PathConflict): void {
      const name = path.relative(cell.place, full);
      const about = `${cell.about}: ${name}`;
      assert.ok(ways.includes("ours"), about);
      assert.match(reason, /^[^\n]+$/, about);
      assert.ok(task !== "" && host !== "", about);
      if (sides.early !== undefined) return;
      assert.match(task, tellTask(sides, name), about);
      assert.match(host, tellHost(sides, name), about);
      const all = [sides.base, sides.task, sides.host].map((tree) => tree.get(name)?.type);
      assert.equal(
        ways.includes("merge"),
        all.every((type) => type === "file"),
        about,
      );
    }
  }
});

test("with one conflict in it a commit writes nothing at all", () => {
  const { session } = matrix;
  const upper = session.layers[0]?.upper ?? "";
  const trees = (): string => describeTree(session.workspace) + describeTree(upper);
  const old = trees();
  assert.throws(
    () => session.commit(),
    (error) => isSandboxError(error) && error.code === "conflict",
  );
  assert.equal(trees(), old);
  assert.equal(existsSync(path.join(session.commitDir(), "journal.jsonl")), false);
});

test("what is no conflict comes over and goes back, and nothing of any host's is lost", () => {
  const { session } = matrix;
  const conflicts = toConflicts();
  const tree = describeTree(session.workspace);
  const wanted = CELLS.map((cell) => wantedOf(cell, conflicts.has(cell.place)));
  const select = new Set(
    session.changeset.changes.flatMap((change, index) =>
      conflicts.has(toPlace(change.path)) ? [] : [index],
    ),
  );
  session.commit({ select, id: "b" });
  CELLS.forEach((cell, index) => {
    assert.deepEqual(readStates(cell), wanted[index], cell.about);
  });
  const back = session.rollback({ of: "b", id: "c" });
  assert.deepEqual([back.conflicts, back.unrestorable], [[], []]);
  assert.equal(describeTree(session.workspace), tree);
});

type States = Readonly<Record<string, string>>;

function wantedOf(cell: Cell, stays: boolean): States {
  return stays ? readStates(cell) : Object.fromEntries(mergeTrees(matrix.sides(cell)));
}

function readStates({ place }: Cell): States {
  const tree = readTrees(native, path.join(matrix.session.workspace, place));
  return Object.fromEntries([...tree].map(([name, { state }]) => [name, state]));
}
