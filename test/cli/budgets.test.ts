import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

function open(budgets: string, decision = "allow"): Person {
  const person = openPerson(KIND);
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, at) => [`d/${at}`, "12345678\n"]),
  );
  const profile = `version: 1\nchanges: [{match: "**", decision: ${decision}}]\nbudgets: ${budgets}\n`;
  person.make({ ...files, a: "aaaa\n", b: "bbbb\n", "../own.yaml": profile });
  return person;
}

function run(person: Person, name: string, script: string): void {
  const args = ["run", "--profile", "../own.yaml", "--name", name, "--", "sh", "-c", script];
  const { status, stderr } = person.sandbox(args);
  assert.equal(status, 0, stderr);
}

const TEN = "{delete: {files: 10, per: run, over: hold}}";

test("a directory that goes in one mark is held whole, with the list of what it held; --yes does not release it", () => {
  using person = open(TEN);
  run(person, "s", "rm -rf d; mkdir d; rm a");
  for (const args of [
    ["commit", "s", "--yes"],
    ["commit", "s"],
  ]) {
    const held = person.sandbox(args);
    assert.equal(held.status, 4);
    assert.match(held.stderr, /^sandbox: over budget: deletes 13 files; the budget is 10 per run;/);
    for (let at = 0; at < 12; at += 1)
      assert.match(held.stderr, new RegExp(`^  delete d/${at} `, "m"));
    assert.match(held.stderr, /delete a \(5 bytes\)/);
  }
  assert.equal(readdirSync(path.join(person.project, "d")).length, 12, "nothing was written");
  assert.equal(person.sandbox(["commit", "s", "--over-budget"]).status, 2);
  assert.equal(person.sandbox(["commit", "s", "a", "--yes"]).status, 0, "control: within it");
  const rest = person.sandbox(["commit", "s", "--yes"]);
  assert.match(rest.stderr, /deletes 12 files after 1 before; the budget is 10 per run/);
  assert.equal(person.sandbox(["commit", "s", "--yes", "--over-budget"]).status, 0);
  assert.deepEqual(readdirSync(path.join(person.project, "d")), []);
  const log = readFileSync(path.join(person.stateHome, "audit/log.jsonl"), "utf8");
  assert.match(log, /commit\.refused.*over budget/);
  assert.match(log, /commit\.decided.*"budget":"sha256:.*"overBudget":\["deletes 12 files after 1/);
});

test("an approval releases exactly what it was asked about", () => {
  using person = open(TEN);
  run(person, "s", "rm -r d");
  assert.match(person.sandbox(["commit", "s"]).stderr, /sandbox approve a-[a-z2-7]+/);
  run(person, "other", "rm a");
  assert.equal(person.sandbox(["commit", "other"]).status, 0, "control: within it");
  const [asked] = person.sandboxJson(["approvals"]).json.approvals;
  assert.equal(asked.kind, "budget");
  const given = person.sandbox(["approve", asked.approval, "--digest", asked.digest]);
  assert.equal(given.status, 0, given.stderr);
  assert.equal(person.sandbox(["exec", "s", "--", "rm", "b"]).status, 0);
  assert.equal(person.sandbox(["commit", "s"]).status, 4, "it is another commit by now");
  assert.equal(person.sandbox(["commit", "s", "d"]).status, 0);
  assert.equal(existsSync(path.join(person.project, "d")), false);
});

test("what needs a release and an approval asks for both at once, and says how to give them", () => {
  using person = open(TEN, "ask");
  run(person, "s", "rm -r d; rm a");
  const yes = person.sandbox(["commit", "s", "--yes"]);
  assert.match(yes.stderr, /sandbox commit s-\w+ --yes --over-budget; .*without --yes, which asks/);
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, [], "--yes asks nobody");
  const held = person.sandbox(["commit", "s"]);
  assert.equal(held.status, 4);
  assert.match(held.stderr, /over budget: deletes 13 files; .*; needs approval too: .*nothing was/);
  const [, ...ids] = /sandbox approve (a-[a-z2-7]+) (a-[a-z2-7]+)/.exec(held.stderr) ?? [];
  const asked: { approval: string; kind: string }[] = person.sandboxJson(["approvals"]).json
    .approvals;
  assert.deepEqual(asked.map(({ approval }) => approval).sort(), ids.toSorted());
  assert.deepEqual(asked.map(({ kind }) => kind).sort(), ["budget", "commit"]);
  const budget = asked.find(({ kind }) => kind === "budget")?.approval ?? "";
  assert.equal(person.sandbox(["approve", budget, "--yes"]).status, 0);
  const half = person.sandbox(["commit", "s"]);
  assert.equal(half.status, 4, "one of two is not enough");
  assert.match(half.stderr, /^sandbox: needs approval: /);
  assert.equal(existsSync(path.join(person.project, "a")), true);
  assert.equal(
    person.sandbox(["approve", ...ids.filter((id) => id !== budget), "--yes"]).status,
    0,
  );
  assert.equal(person.sandbox(["commit", "s"]).status, 0);
  assert.equal(existsSync(path.join(person.project, "a")), false);
});

test("a budget over time counts what other sessions did, and one that denies is not released", () => {
  using person = open("{overwrite: {bytes: 8, per: hour, over: deny}}");
  run(person, "one", "echo xx > a");
  run(person, "two", "echo yy > b");
  assert.equal(person.sandbox(["commit", "one"]).status, 0);
  const held = person.sandbox(["commit", "two", "--yes", "--over-budget"]);
  assert.equal(held.status, 4);
  assert.match(held.stderr, /overwrites 5 bytes after 5 before; the budget is 8 per hour/);
  assert.match(held.stderr, /the profile denies it/);
  run(person, "three", "echo new > new; chmod 600 b");
  assert.equal(person.sandbox(["commit", "three"]).status, 0, "control: it destroys nothing");
});

test("on a terminal a budget is a question of its own", async () => {
  using person = open(TEN);
  run(person, "s", "rm -r d");
  const whole = "Commit these changes? [y/N/r=review]";
  const over = "This goes OVER THE BUDGET. Commit it all the same? [y/N]";
  const declined = await inTerminal(
    person,
    ["commit", "s"],
    [
      [whole, "y\r"],
      [over, "n\r"],
    ],
  );
  assert.equal(declined.status, 4);
  assert.match(declined.text, /OVER BUDGET: deletes 12 files; the budget is 10 per run/);
  assert.ok(existsSync(path.join(person.project, "d/1")));
  const agreed = await inTerminal(
    person,
    ["commit", "s"],
    [
      [whole, "y\r"],
      [over, "y\r"],
    ],
  );
  assert.equal(agreed.status, 0);
  assert.ok(!existsSync(path.join(person.project, "d")));
});
