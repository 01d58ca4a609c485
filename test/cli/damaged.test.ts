import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { openPerson } from "../support/person.js";

describe("a session whose record is damaged", () => {
  test("is named, is never cleaned up, and is in nobody's way; mended, it is committed", () => {
    using person = openPerson("plain user");
    person.make({ old: "old\n" });
    const run = ["run", "--json", "--", "sh", "-c", "echo new >old; echo made >made"];
    const { session } = JSON.parse(person.sandbox(run).stdout);
    const file = path.join(person.stateHome, "sessions", session, "session.json");
    const made = path.join(path.dirname(file), "layers/0/upper/made");
    const record = readFileSync(file);
    for (const damage of [
      record.subarray(0, record.length >> 1),
      Buffer.from("{}"),
      Buffer.alloc(0),
    ]) {
      writeFileSync(file, damage);
      const pruned = person.sandbox(["prune"]);
      assert.equal(pruned.status, 0, pruned.stderr);
      assert.ok(existsSync(made), "its layers stay");
      const listed = person.sandbox(["ls"]);
      assert.equal(listed.status, 0);
      assert.ok(listed.stderr.includes(file), listed.stderr);
      const committed = person.sandbox(["commit", session, "--yes"]);
      assert.equal(committed.status, 1);
      assert.match(committed.stderr, /session\.json/);
    }
    const other = person.sandbox(["run", "--commit", "never", "--", "true"]);
    assert.equal(other.status, 0, other.stderr);
    assert.equal(readFileSync(path.join(person.project, "old"), "utf8"), "old\n");
    writeFileSync(file, record);
    assert.equal(person.sandbox(["commit", session, "--yes"]).status, 0, "control");
    assert.equal(readFileSync(path.join(person.project, "made"), "utf8"), "made\n");
  });
});
