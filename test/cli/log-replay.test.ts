import assert from "node:assert/strict";
import { appendFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";
import { openLoopFs } from "../support/loop-fs.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

function ok(person: Person, ...args: readonly string[]): string {
  const { status, stdout, stderr } = person.sandbox(args);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

function eventsOf(person: Person): readonly string[] {
  return ok(person, "log", "--json")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).event);
}

function agrees(person: Person, session = "s"): readonly [boolean, number, number] {
  const { json } = person.sandboxJson(["log", "--replay", session]);
  return [json.agrees, json.pending, json.commits.length];
}

const EDIT = "rm old; echo b > mod; mkdir d; for i in $(seq 450); do echo $i > d/$i; done";

test("every action has its intent and its result, and the log rebuilds what was pending and written", () => {
  using person = openPerson(KIND);
  person.make({ old: "old\n", mod: "a\n1\n2\n3\n4\n5\n6\n7\n8\n9\nz\n" });
  ok(person, "run", "--name", "s", "--", "sh", "-c", EDIT);
  assert.deepEqual(agrees(person), [true, 453, 0]);
  ok(person, "commit", "s", "old", "--yes");
  assert.deepEqual(agrees(person), [true, 452, 1]);
  ok(
    person,
    "exec",
    "s",
    "--",
    "sh",
    "-c",
    "sed 's/a/A/; s/z/Z/' mod > x; printf 'A\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\nZ\\n' > mod",
  );
  ok(person, "commit", "s", "--hunks", "mod:1", "--yes");
  assert.deepEqual(agrees(person), [true, 453, 2]);
  ok(person, "refresh", "s");
  assert.deepEqual(agrees(person), [true, 453, 2]);
  ok(person, "rollback", person.sandboxJson(["show", "s"]).json.commits[1]);
  assert.equal(agrees(person)[0], true);
  ok(person, "review", "s", "--approve", "x");
  assert.equal(person.sandbox(["commit", "s", "d"]).status, 4);
  ok(person, "discard", "s");
  assert.equal(agrees(person)[0], true);
  ok(person, "prune");
  assert.equal(agrees(person)[0], true);
  const events = eventsOf(person);
  assert.deepEqual(
    [...new Set(events)],
    [
      ...["run.started", "run.changes", "run.ended"],
      ...["commit.decided", "commit.changes", "commit.started", "commit.sealed"],
      ...["exec.asked", "session.changes", "refresh.started", "session.refreshed"],
      ...["rollback.changes", "rollback.started", "rollback.sealed", "review.answered"],
      ...["approval.asked", "commit.refused", "discard.started", "session.discarded"],
      "approval.expired",
      ...["prune.started", "prune.ended"],
    ],
  );
  assert.ok(events.filter((event) => event === "run.changes").length >= 3, "of a bounded size");
  assert.match(ok(person, "log", "--verify"), /ok: the log is as it was written/);
});

test("what is stored and is not what the log says is named, exit 5", () => {
  using person = openPerson(KIND);
  person.make({ old: "old\n" });
  ok(person, "run", "--name", "s", "--", "sh", "-c", "rm old; echo x > new");
  const { json } = person.sandboxJson(["show", "s"]);
  const file = path.join(person.stateHome, "sessions", json.session, "changeset.json");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace('"path":"new"', '"path":"now"'));
  const differs = person.sandbox(["log", "--replay", "s"]);
  assert.equal(differs.status, 5);
  assert.match(differs.stdout, /differs: now: pending, and not in the log/);
  assert.match(differs.stdout, /differs: new: in the log, and not pending/);
  writeFileSync(file, text);
  assert.deepEqual(agrees(person), [true, 2, 0], "control");
  ok(person, "commit", "s", "--yes");
  const commit = person.sandboxJson(["show", "s"]).json.commits[0];
  const journal = path.join(person.stateHome, "commits", commit, "journal.jsonl");
  writeFileSync(journal, "");
  assert.match(person.sandbox(["log", "--replay", "s"]).stdout, /differs: c-\w+: \w+: in the log/);
});

test("what cannot be recorded is not done: no run, no commit, no discard on a full or read-only log", () => {
  using disk = openLoopFs({ type: "tmpfs", sizeMiB: 1 });
  using person = openPerson("root");
  person.make({ old: "old\n" });
  ok(person, "run", "--name", "s", "--", "sh", "-c", "rm old; echo x > new");
  const audit = path.join(person.stateHome, "audit");
  person.run(["cp", "-a", `${audit}/.`, disk.path]);
  person.run(["mount", "--bind", disk.path, audit]);
  try {
    // To the end of a page: else a short record still has room in it.
    const log = path.join(audit, "log.jsonl");
    appendFileSync(log, "x".repeat(4096 - (statSync(log).size % 4096)));
    person.run(["dd", "if=/dev/zero", `of=${disk.path}/fill`, "bs=64k"]);
    refusesAll(person, /the audit log cannot be written: ENOSPC/);
    person.run(["rm", `${disk.path}/fill`]);
    person.run(["mount", "-o", "remount,ro", disk.path]);
    refusesAll(person, /the audit log cannot be written: EROFS/);
    person.run(["mount", "-o", "remount,rw", disk.path]);
    ok(person, "commit", "s", "--yes");
    assert.equal(person.run(["ls"]).stdout, "new\n", "control");
    assert.deepEqual(agrees(person), [true, 0, 1]);
  } finally {
    person.run(["umount", audit]);
  }
});

function refusesAll(person: Person, why: RegExp): void {
  for (const args of [
    ["run", "--", "touch", "ran"],
    ["exec", "s", "--", "touch", "ran"],
    ["commit", "s", "--yes"],
    ["refresh", "s"],
    ["discard", "s"],
    ["prune"],
  ]) {
    const { status, stderr } = person.sandbox(args);
    assert.deepEqual([status, why.test(stderr)], [1, true], `${args.join(" ")}: ${stderr}`);
  }
  assert.equal(person.run(["ls"]).stdout, "old\n");
  assert.equal(person.sandboxJson(["diff", "s"]).json.changes.length, 2);
}
