import assert from "node:assert/strict";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const PROFILE = `version: 1
limits: {time: 1m}
env: {pass: [TERM, "LC_*"], set: {CI: "1"}}
`;

test("another task in a session gets no more than its profile says until somebody has approved just that", () => {
  using person = openPerson(process.getuid?.() === 0 ? "root" : "plain user");
  person.make({ "../own.yaml": PROFILE });
  const ran = person.sandbox([
    "run",
    "--profile",
    "../own.yaml",
    "--name",
    "s",
    "--",
    "sh",
    "-c",
    "echo a > a",
  ]);
  assert.equal(ran.status, 0, ran.stderr);
  const print = ["--", "sh", "-c", 'echo "$TOKEN"'];
  for (const within of [[], ["--env", "CI=1"], ["--env", "LC_ALL=C"], ["--timeout", "30s"]])
    assert.equal(person.sandbox(["exec", ...within, "s", ...print]).status, 0, "control");
  const longer = person.sandbox(["exec", "--timeout", "2h", "s", ...print]);
  assert.equal(longer.status, 4);
  assert.match(longer.stderr, /widen: .*2h is more time than its limits\.time/);
  const asked = ["exec", "--env", "TOKEN=value-of-it", "s", ...print];
  const refused = person.sandbox(asked);
  assert.equal(refused.status, 4);
  assert.equal(refused.stdout, "");
  assert.match(refused.stderr, /the profile does not pass TOKEN/);
  const approval = /sandbox approve (a-\w+)/.exec(refused.stderr)?.[1] ?? "";
  const { json } = person.sandboxJson(["approvals", "show", approval]);
  assert.equal(json.kind, "widen");
  assert.doesNotMatch(JSON.stringify(json), /value-of-it/);
  const approved = person.sandbox(["approve", approval, "--digest", json.digest]);
  assert.equal(approved.status, 0, approved.stderr);
  const other = person.sandbox(["exec", "--env", "TOKEN=another", "s", ...print]);
  assert.equal(other.status, 4, "another value is another question");
  assert.equal(person.sandbox(asked).stdout, "value-of-it\n");
  assert.equal(person.sandbox(asked).status, 4, "it was for once");
  assert.match(person.sandbox(["log"]).stdout, /command\.decided .*rule=widen/);
});

test("where no profile says anything there is nothing to widen", () => {
  using person = openPerson(process.getuid?.() === 0 ? "root" : "plain user");
  assert.equal(person.sandbox(["run", "--name", "s", "--", "sh", "-c", "echo a > a"]).status, 0);
  const ran = person.sandbox([
    "exec",
    "--env",
    "X=1",
    "--timeout",
    "2h",
    "s",
    "--",
    "sh",
    "-c",
    "echo $X",
  ]);
  assert.equal(ran.stdout, "1\n", ran.stderr);
});
