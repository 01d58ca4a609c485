import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { test } from "node:test";
import { openPerson } from "../support/person.js";
import {
  BASE,
  conflictsOf,
  exec,
  file,
  KINDS,
  ok,
  open,
  openEdited,
  OURS,
  read,
  refresh,
  text,
  THEIRS,
} from "./refresh-case.js";

for (const kind of KINDS) {
  test(`${kind}: what only the host edited is what the next task begins with`, () => {
    using person = openPerson(kind);
    openEdited(person);
    assert.deepEqual(refresh(person), {
      revision: 2,
      answers: { kept: 0, lapsed: 0 },
      visible: ["fresh", "only"],
      dropped: ["same"],
      conflicts: ["both"],
    });
    assert.equal(
      exec(person, "cat only fresh same; test ! -e gone; echo more >> only"),
      "new\nmade\nsame\n",
    );
    assert.deepEqual(conflictsOf(person), ["both"], "only: made on the newer file");
    ok(person, "commit", "s", "--yes", "only");
    assert.equal(read(person, "only"), "new\nmore\n");
  });
}

test("control: without a refresh a task's edit of a file that the host edited before it is a conflict", () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  exec(person, "echo more >> only");
  assert.ok(conflictsOf(person).includes("only"));
});

test("what both edited stays in conflict through refreshes and tasks, until it is merged or decided", () => {
  const ways: readonly (readonly [readonly string[], string])[] = [
    [["--merge"], text(BASE.with(2, "ours").with(15, "more").with(28, "theirs"))],
    [["--theirs", "both"], text(BASE.with(15, "more").with(28, "theirs"))],
    [["--ours", "both"], OURS],
  ];
  for (const [way, result] of ways) {
    using person = openPerson(KINDS[0]);
    openEdited(person);
    assert.deepEqual(refresh(person).conflicts, ["both"]);
    assert.deepEqual(refresh(person).conflicts, ["both"], "twice");
    exec(person, "sed -i 's/line 15/more/' both");
    assert.deepEqual(conflictsOf(person), ["both"], "after a task");
    assert.equal(refresh(person).revision, 5);
    exec(person, "echo x > another");
    assert.deepEqual(conflictsOf(person), ["both"], "and another");
    assert.equal(read(person, "both"), OURS);
    ok(person, "commit", "s", "--yes", ...way);
    assert.equal(read(person, "both"), result, way.join(" "));
    assert.equal(read(person, "only-task"), "task\n");
  }
});

test("a path that both made, or that one deleted and the other edited, stays in conflict", () => {
  using person = openPerson(KINDS[0]);
  open(
    person,
    { edited: "v0\n", deleted: "v0\n", d: "", twice: "v0\n", control: "v0\n" },
    "echo v1 > edited; rm deleted; echo v1 > made; rm twice; echo v1 > control",
  );
  person.make({ deleted: "v2\n", made: "v2\n" });
  unlinkSync(file(person, "edited"));
  unlinkSync(file(person, "twice"));
  const first = refresh(person);
  assert.deepEqual(first.conflicts, ["deleted", "edited", "made"]);
  assert.deepEqual(first.dropped, ["twice"]);
  exec(person, "echo v3 > edited; rm made; echo v3 > deleted; echo v3 > control");
  assert.deepEqual(conflictsOf(person), ["deleted", "edited", "made"]);
  assert.deepEqual([read(person, "deleted"), read(person, "made")], ["v2\n", "v2\n"]);
  assert.ok(!existsSync(file(person, "edited")));
  person.make({ twice: "v4\n" });
  assert.ok(refresh(person).conflicts.includes("twice"), "hidden by the layers, and new");
  ok(person, "commit", "s", "--yes", "control");
  assert.equal(read(person, "control"), "v3\n");
});

test("what was the same on both sides and is edited once more by the host is never set back", () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  refresh(person);
  person.make({ same: "newer\n" });
  assert.deepEqual(refresh(person).conflicts, ["both", "same"]);
  exec(person, "true");
  assert.deepEqual(conflictsOf(person), ["both", "same"]);
  ok(person, "commit", "s", "--yes", "--ours", "same", "--theirs", "both");
  assert.equal(read(person, "same"), "newer\n");
  assert.equal(read(person, "both"), THEIRS);
});

test("what the host made below a directory that the task deleted or emptied is in conflict, child by child", () => {
  using person = openPerson(KINDS[0]);
  open(
    person,
    { "dead/a": "a\n", "emptied/a": "a\n", "live/a": "a\n" },
    "rm -r dead emptied; mkdir emptied; echo b > live/b",
  );
  person.make({ "dead/x": "x\n", "dead/sub/y": "y\n", "emptied/x": "x\n", "live/x": "x\n" });
  const { conflicts, visible } = refresh(person);
  const inside = ["dead/sub", "dead/sub/y", "dead/x", "emptied/x"];
  assert.deepEqual(conflicts, inside);
  assert.deepEqual(visible, ["live/x"]);
  exec(person, "cat live/x; test ! -e dead");
  assert.deepEqual(conflictsOf(person), inside);
  ok(person, "commit", "s", "--yes", "live", "emptied/a");
  assert.deepEqual([read(person, "dead/a"), read(person, "emptied/x")], ["a\n", "x\n"]);
  rmSync(file(person, "dead/x"));
  rmSync(file(person, "dead/sub"), { recursive: true });
  ok(person, "commit", "s", "--yes", "dead");
  assert.ok(!existsSync(file(person, "dead")), "control: nothing of the host's is left in it");
});

test("answers hold for changes that are the same, and lapse for others", () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  ok(person, "review", "s", "--approve", "only-task", "--approve", "same", "--reject", "both");
  assert.deepEqual(refresh(person).answers, { kept: 2, lapsed: 1 });
  ok(person, "commit", "s", "--reviewed");
  assert.equal(read(person, "only-task"), "task\n");
  assert.equal(read(person, "both"), OURS);
});

test("after a commit of a part there is nothing in conflict that was not", () => {
  using person = openPerson(KINDS[0]);
  open(
    person,
    { f: text(BASE), "d/a": "a\n", "d/b": "b\n", "e/a": "a\n", last: "x\n" },
    "sed -i 's/line 2$/two/;s/line 28/theirs/' f; rm -r d; rm -r e; mkdir e; echo n > e/n; echo y > last",
  );
  ok(person, "commit", "s", "--yes", "--hunks", "f:1", "d/a", "e/n");
  assert.deepEqual(refresh(person).conflicts, []);
  ok(person, "commit", "s", "--yes");
  assert.equal(read(person, "f"), text(BASE.with(2, "two").with(28, "theirs")));
  assert.deepEqual(readdirSync(person.project).sort(), ["e", "f", "last"]);
  assert.deepEqual(readdirSync(file(person, "e")), ["n"]);
});
