import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const ASK = `version: 1
commands: {rules: [{id: careful, argv: [touch], decision: ask}]}
`;
const RETRY = (over: string): string =>
  `version: 1\nbudgets: {retry: {same_command_failures: 2, over: ${over}}}\n`;

/** Runs a command under a profile of the person's, with nobody to ask. */
function run(person: Person, profile: string, ...command: readonly string[]) {
  person.make({ "../own.yaml": profile });
  return person.sandbox(["run", "--commit", "never", "--profile", "../own.yaml", "--", ...command]);
}

function toApprovalId(stderr: string): string {
  return /sandbox approve (a-[a-z2-7]{10})/.exec(stderr)?.[1] ?? assert.fail(stderr);
}

describe("commands that policy asks about", () => {
  test("one is approved out of band, for one run of just this", () => {
    using person = openPerson("plain user");
    const first = run(person, ASK, "touch", "made");
    assert.equal(first.status, 4);
    const approval = toApprovalId(first.stderr);
    assert.equal(toApprovalId(run(person, ASK, "touch", "made").stderr), approval, "asked once");
    assert.equal(run(person, ASK, "touch", "other").status, 4);
    const shown = person.sandbox(["approvals", "show", approval]);
    assert.match(shown.stdout, /"touch"[^a-z]+"made"/);
    assert.equal(person.sandbox(["approve", approval, "--yes"]).status, 0);
    assert.equal(run(person, ASK, "touch", "other").status, 4, "another command");
    assert.equal(run(person, ASK, "touch", "made").status, 0);
    const again = run(person, ASK, "touch", "made");
    assert.equal(again.status, 4, "it is used up");
    assert.equal(person.sandbox(["deny", toApprovalId(again.stderr)]).status, 0);
    const denied = run(person, ASK, "touch", "made");
    assert.equal(denied.status, 4);
    assert.match(denied.stderr, /not approved/);
    assert.ok(!existsSync(path.join(person.project, "made")));
    assert.equal(run(person, ASK, "true").status, 0, "control");
  });

  test("an approval is of the whole request: not of other variables, paths, limits or programs", () => {
    using person = openPerson("plain user");
    person.make({ "../own.yaml": ASK, "../secret": "1", "../bin/touch": "#!/bin/sh\n" });
    const ask = (options: readonly string[], command = "touch") =>
      person.sandbox([
        ...["run", "--commit", "never", "--profile", "../own.yaml"],
        ...[...options, "--", command, "made"],
      ]);
    const env = ["--env", "A_TOKEN=first-value", "--env", "PLAIN=shown"];
    const approval = toApprovalId(ask(env).stderr);
    const { stdout: shown } = person.sandbox(["approvals", "show", approval]);
    assert.match(shown, /PLAIN=shown/);
    assert.match(shown, /"program": "\/usr\/bin\/touch"/);
    assert.match(shown, /A_TOKEN=\[masked\]/);
    assert.equal(person.sandbox(["approve", approval, "--yes"]).status, 0);
    for (const options of [
      [],
      [...env, "--env", "LD_PRELOAD=./x.so"],
      ["--env", "A_TOKEN=other-value", "--env", "PLAIN=shown"],
      [...env, "--ro", "../secret"],
      [...env, "--memory", "1GiB"],
    ])
      assert.equal(ask(options).status, 4, options.join(" "));
    assert.equal(ask(env).status, 0, "control");
  });

  test("a long command is asked about too, and its secrets are in no line of the log", () => {
    using person = openPerson("plain user");
    const long = Array.from({ length: 200 }, (_, index) => `file-${index}`);
    const asked = run(person, ASK, "touch", "--password", "hunter2hunter", ...long);
    const approval = toApprovalId(asked.stderr);
    assert.match(person.sandbox(["approvals", "show", approval]).stdout, /"file-199"/);
    const { stdout: log } = person.sandbox(["log", "--json"]);
    assert.match(log, /approval\.asked/);
    assert.doesNotMatch(log, /hunter2hunter/);
  });

  test("the same command over and over is asked about; another one, or one that ended well, is not", () => {
    using person = openPerson("plain user");
    const profile = RETRY("ask");
    const fails = ["sh", "-c", "test -e there"];
    for (let round = 0; round < 2; round++)
      assert.equal(run(person, profile, ...fails).status, 1, `try ${round}`);
    const third = run(person, profile, ...fails);
    assert.equal(third.status, 4);
    assert.match(third.stderr, /failed 2 times in a row/);
    assert.equal(run(person, profile, "false").status, 1, "another command");
    assert.equal(person.sandbox(["approve", toApprovalId(third.stderr), "--yes"]).status, 0);
    assert.equal(run(person, profile, ...fails).status, 1, "approved once");
    const fourth = run(person, profile, ...fails);
    assert.match(fourth.stderr, /failed 3 times in a row/);
    person.make({ there: "" });
    assert.equal(person.sandbox(["approve", toApprovalId(fourth.stderr), "--yes"]).status, 0);
    assert.equal(run(person, profile, ...fails).status, 0, "ended well");
    assert.equal(run(person, profile, ...fails).status, 0, "is not asked about");
  });

  test("a session counts its own, and denies where the profile says so", () => {
    using person = openPerson("plain user");
    assert.equal(run(person, RETRY("deny"), "true").status, 0);
    const exec = (...command: readonly string[]) =>
      person.sandbox(["exec", "latest", "--", ...command]);
    for (let round = 0; round < 2; round++) assert.equal(exec("false").status, 1);
    const third = exec("false");
    assert.equal(third.status, 4);
    assert.match(third.stderr, /denied by the profile: budgets\.retry/);
    assert.equal(exec("true").status, 0, "control");
    assert.equal(exec("false").status, 4, "between others too");
  });
});
