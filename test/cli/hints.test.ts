import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const PROFILE = 'version: 1\nchanges: [{match: "a*", decision: allow}]\n';
const NEXT = /sandbox discard s-\w+ {2}drop it\n/;

test("--commit auto says what to do next only where something is left to do", () => {
  using person = openPerson(KIND);
  person.make({ "../own.yaml": PROFILE });
  const run = (script: string, ...more: readonly string[]) =>
    person.sandbox(["run", "--profile", "../own.yaml", ...more, "--", "sh", "-c", script]).stderr;
  const whole = run("echo x > a", "--commit", "auto", "--name", "s");
  assert.match(whole, /^c-\w+: 1 added/m);
  assert.doesNotMatch(whole, NEXT);
  const held = run("echo x > b", "--commit", "auto");
  assert.match(
    held,
    new RegExp(`needs approval: b[^]*${NEXT.source}`),
    "after what was in the way",
  );
  assert.match(run("echo x > b"), NEXT, "control: without a commit");

  // What was rolled back is said to be: another rollback would not undo it.
  const [, commit = ""] = /^(c-\w+): 1 added/m.exec(whole) ?? [];
  const committed = person.sandbox(["commit", "s", "--theirs", "a"]);
  assert.match(committed.stderr, new RegExp(`is committed: .*\n.*rollback ${commit}. undoes it`));
  const { rollback } = person.sandboxJson(["rollback", commit]).json;
  const undone = person.sandbox(["commit", "s", "--theirs", "a"]);
  assert.match(undone.stderr, new RegExp(`and rolled back: .*\n.*${rollback}. brings it back`));
});

test("a session that was interrupted says so where it is listed, shown and committed", async () => {
  using person = openPerson(KIND);
  const words = `: ${"long ".repeat(20)}; echo x > made; echo begun; sleep 60`;
  const { argv, env } = person.command(["run", "--name", "s", "--", "sh", "-c", words]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, {
    cwd: person.project,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes("begun")) break;
  child.kill("SIGKILL");
  await once(child, "exit");
  const listed = person.sandbox(["ls"]).stdout;
  assert.match(listed, /interrupted +not read .* sh -c : (long ){5}.*…\n/, "and commands are cut");
  assert.match(person.sandbox(["ls", "--no-trunc"]).stdout, /(long ){20}/);
  assert.match(person.sandbox(["show", "s"]).stdout, /changes +not read yet: sandbox diff s-/);
  let done = person.sandbox(["commit", "s", "--yes"]);
  // The kernel may still be at ending it.
  for (let tries = 0; done.status === 1 && tries < 100; tries += 1)
    done = person.sandbox(["commit", "s", "--yes"]);
  assert.equal(done.status, 0, done.stderr);
  assert.match(
    done.stderr,
    /the task of s-\w+ was interrupted \(the process that ran it is gone\)/,
  );
  const { changes } = person.sandboxJson(["ls"]).json.sessions[0];
  assert.deepEqual(changes, { added: 0, modified: 0, deleted: 0 });
});

test("that nothing was sent is explained where the task had no network", () => {
  using person = openPerson(KIND);
  const show = (...how: readonly string[]) => {
    const run = person.sandbox(["run", ...how, "--", "true"]);
    assert.equal(run.status, 0, run.stderr);
    return person.sandbox(["show", "latest", "--network"]).stdout;
  };
  assert.match(show(), /^nothing was sent: the task had no network; --allow HOST gives it one\n$/);
  assert.equal(show("--allow", "localhost:9"), "nothing was sent\n", "control");
});

test("what policy denies is told with its reason by the commit that leaves it out", () => {
  using person = openPerson("plain user");
  person.sandbox(["run", "--", "sh", "-c", "echo x > a; cp /bin/true b; chmod u+s b"]);
  const first = person.sandbox(["commit", "latest", "--yes"]);
  assert.equal(first.status, 0, first.stderr);
  assert.match(first.stdout, /1 change left in s-\w+\n {2}denied: b \(.+\)\n/);
  assert.ok(!existsSync(path.join(person.project, "b")));
});
