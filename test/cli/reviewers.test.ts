import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseApprovalId } from "../../src/core/ids.js";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

/** A person with a profile `two` that asks about every command and needs two reviewers, and `one` that needs one. */
function openWithProfiles(): Person {
  const person = openPerson(KIND);
  const asks = "version: 1\ncommands: {rules: [{id: touch, argv: [touch], decision: ask}]}\n";
  person.make({
    "../one.yaml": asks,
    "../two.yaml": `${asks}approvals: {require: 2}\n`,
  });
  return person;
}

function profile(person: Person, name: string): readonly string[] {
  return ["--profile", path.join(person.home, `${name}.yaml`)];
}

/** The id in "sandbox approve a-…". */
function readId(text: string): string {
  const [, id] = /sandbox approve (a-[a-z2-7]{10})/.exec(text) ?? [];
  assert.ok(id !== undefined, text);
  return id;
}

/** Somebody else approves it too. */
function approveAsOther(person: Person, text: string): void {
  const id = parseApprovalId(text);
  assert.ok(id !== undefined);
  using ledger = openLedger(person.stateHome);
  const { digest } = ledger.approvals.read(id);
  const by = { kind: "token", name: "bob" } as const;
  assert.equal(ledger.approvals.answer(id, { answer: "approved", digest, by }).state, "approved");
}

test("where the profile needs two reviewers a commit with --yes, by a review or at a terminal is one of them", async () => {
  using person = openWithProfiles();
  const make = ["--", "sh", "-c", "echo a > made"];
  const alone = person.sandboxJson(["run", ...profile(person, "one"), ...make]).json.session;
  assert.equal(person.sandbox(["commit", alone, "--yes"]).status, 0, "control");
  assert.equal(person.sandbox(["rollback", "latest"]).status, 0);
  const { session } = person.sandboxJson(["run", ...profile(person, "two"), ...make]).json;
  const yes = person.sandbox(["commit", session, "--yes"]);
  assert.equal(yes.status, 4);
  assert.match(yes.stderr, /2 reviewers are needed, and you are one: it is asked out of band/);
  const typed = await inTerminal(person, ["commit", session], [["[y/N", "y\r"]]);
  assert.equal(typed.status, 4, typed.text);
  const id = readId(typed.text);
  assert.equal(readId(yes.stderr), id);
  assert.equal(person.sandbox(["review", session, "--approve", "made"]).status, 0);
  assert.equal(person.sandbox(["commit", session, "--reviewed"]).status, 4);
  assert.equal(existsSync(path.join(person.project, "made")), false);
  approveAsOther(person, id);
  const done = person.sandbox(["commit", session, "--yes"]);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(existsSync(path.join(person.project, "made")), true);
});

test("where the profile needs two reviewers a command waits for the second one", async () => {
  using person = openWithProfiles();
  const command = ["--", "touch", "made"];
  const control = ["run", ...profile(person, "one"), "--commit", "never", ...command];
  assert.equal((await inTerminal(person, control, [["[y/N]", "y\r"]])).status, 0, "control");
  const run = ["run", ...profile(person, "two"), "--commit", "never", ...command];
  const first = await inTerminal(person, run, [["[y/N]", "y\r"]]);
  assert.equal(first.status, 4, first.text);
  assert.match(first.text, /you are one: it is asked out of band/);
  approveAsOther(person, readId(first.text));
  const second = await inTerminal(person, run, []);
  assert.equal(second.status, 0, second.text);
});
