import assert from "node:assert/strict";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

for (const kind of KINDS) {
  test(`${kind}: an attribute of the workspace's own directory is a change, also after a task that did nothing`, () => {
    using person = openPerson(kind);
    const nothing = person.sandboxJson(["run", "--", "sh", "-c", "echo x > passing; rm passing"]);
    assert.deepEqual(nothing.json.changes, { added: 0, modified: 0, deleted: 0 });
    const run = ["run", "--name", "s", "--", "setfattr", "-n", "user.note", "-v", "task", "."];
    assert.equal(person.sandboxJson(run).json.changes.modified, 1);
    assert.equal(person.sandboxJson(["exec", "s", "--", "true"]).json.changes.modified, 1);
    const commit = person.sandbox(["commit", "s", "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    const { stdout } = person.run(["getfattr", "-n", "user.note", "--only-values", "."]);
    assert.equal(stdout, "task");
  });
}
