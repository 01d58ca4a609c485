import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { describeTree } from "../support/describe-tree.js";
import { openEnded, placesOf, TAMPERS, tamper } from "./seal-case.js";

const options = process.getuid?.() === 0 ? {} : { skip: "makes devices in layers, as root" };
for (const [what, script] of Object.entries(TAMPERS)) {
  test(`after the run nothing can be altered unseen: ${what}`, options, () => {
    using person = openEnded();
    const before = describeTree(person.project);
    tamper(person, script);
    const { status, stderr } = person.sandbox(["commit", "s", "--yes"]);
    assert.ok(status !== 0 && status !== null, stderr);
    if (!what.includes("record")) assert.equal(status, 5, stderr);
    assert.match(
      stderr,
      /altered in the layers|altered after|other pending changes|was altered|damaged|does not parse|not the layers/,
    );
    assert.equal(describeTree(person.project), before);
    assert.equal(person.sandbox(["prune"]).status, 0);
    assert.ok(existsSync(placesOf(person).upper), "prune leaves what nobody gave up");
  });
}

test("control: what nobody altered is committed", options, () => {
  using person = openEnded();
  assert.equal(person.sandbox(["commit", "s", "--yes"]).status, 0);
  assert.equal(readFileSync(path.join(person.project, "f"), "utf8"), "task\n");
});
