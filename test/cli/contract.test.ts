import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

const ESCAPE = String.fromCharCode(27);

/** Sessions there are, and nothing half made. */
function sessionsOf(person: Person): readonly string[] {
  const dir = path.join(person.stateHome, "sessions");
  return existsSync(dir) ? readdirSync(dir).filter((name) => !name.startsWith(".")) : [];
}

test("run passes on the task's own exit code, its output and its input", () => {
  using person = openPerson(KIND);
  const result = person.sandbox(["run", "--", "sh", "-c", "cat; echo err >&2; exit 7"], {
    input: "in\n",
  });
  assert.deepEqual([result.status, result.stdout, result.stderr], [7, "in\n", "err\n"]);
  assert.equal(person.sandbox(["run", "--", "sh", "-c", "kill -9 $$"]).status, 137);
});

test("run --json keeps stdout for the result alone", () => {
  using person = openPerson(KIND);
  const { status, json, stderr } = person.sandboxJson([
    "run",
    "--",
    "sh",
    "-c",
    "echo out; echo x > x; exit 3",
  ]);
  assert.equal(status, 3);
  assert.match(stderr, /^out$/m);
  assert.equal(json.schema, "run/1");
  assert.equal(json.outcome, "exited");
  assert.deepEqual(json.exit, { code: 3 });
  assert.deepEqual(json.changes, { added: 1, modified: 0, deleted: 0 });
  assert.equal(json.state, "pending");
});

test("a command that is not there or cannot be executed makes no session", () => {
  using person = openPerson(KIND);
  person.make({ "plain.txt": "no program\n" });
  const missing = person.sandbox(["run", "--", "no-such-program"]);
  assert.equal(missing.status, 127);
  assert.match(missing.stderr, /no-such-program/);
  assert.equal(person.sandbox(["run", "--", "./plain.txt"]).status, 126);
  assert.deepEqual(sessionsOf(person), []);
  assert.equal(person.sandbox(["run", "--", "true"]).status, 0, "control");
  assert.equal(sessionsOf(person).length, 1);
});

test("a timeout ends everything with 124 and leaves a session to review", () => {
  using person = openPerson(KIND);
  const { status, json } = person.sandboxJson([
    "run",
    "--timeout",
    "2s",
    "--",
    "sh",
    "-c",
    "echo x > x; trap '' TERM; sleep 60",
  ]);
  assert.equal(status, 124);
  assert.equal(json.outcome, "timed-out");
  assert.equal(json.changes.added, 1);
});

const WRONG: readonly (readonly [string, readonly string[], RegExp])[] = [
  ["an unknown command", ["frobnicate"], /unknown command: frobnicate/],
  ["an unknown option", ["run", "--frob", "--", "true"], /--frob/],
  ["no command", ["run"], /command/],
  ["a workspace that is not there", ["run", "--dir", "nowhere", "--", "true"], /nowhere/],
  ["a workspace that is a file", ["run", "--dir", "a.txt", "--", "true"], /not a directory/],
  ["the root as workspace", ["run", "--dir", "/", "--", "true"], /filesystem/],
  ["the home as workspace", ["run", "--dir", "..", "--", "true"], /--dir|home|state/],
  ["a size that is none", ["run", "--memory", "lots", "--", "true"], /--memory/],
  ["a time that is none", ["run", "--timeout", "soon", "--", "true"], /--timeout/],
  ["a hidden path that is not there", ["run", "--hide", "gone", "--", "true"], /gone/],
  ["a variable without a name", ["run", "--env", "=x", "--", "true"], /--env/],
  ["an engine of later", ["run", "--engine", "warp", "--", "true"], /--engine/],
  ["a bad name", ["run", "--name", "Not A Name", "--", "true"], /--name/],
  ["two forms of diff", ["diff", "latest", "--stat", "--json"], /exclude/],
];

for (const [what, args, message] of WRONG)
  test(`${what} is one line, exit 2, and nothing is made`, () => {
    using person = openPerson(KIND);
    person.make({ "a.txt": "a\n" });
    const { status, stdout, stderr } = person.sandbox(args);
    const [first = "", second = ""] = stderr.trimEnd().split("\n");
    if (args.includes("--json")) assert.match(stdout, /"code":"usage"/);
    else assert.match(first, message);
    if (second !== "") assert.match(second, /^ {2}hint: /);
    assert.equal(status, 2);
    assert.deepEqual(sessionsOf(person), []);
  });

test("a wrong option names the command whose help says what is right", () => {
  using person = openPerson(KIND);
  const { stderr } = person.sandbox(["diff", "--frob"]);
  assert.match(stderr, /^ {2}hint: `sandbox diff --help` shows what is right$/m);
});

test("an id that is not there is exit 6, a short prefix exit 2", () => {
  using person = openPerson(KIND);
  assert.equal(person.sandbox(["show", "s-aaaaaaaaaa"]).status, 6);
  assert.equal(person.sandbox(["rollback", "c-aaaaaaaaaa"]).status, 6);
  assert.equal(person.sandbox(["show", "latest"]).status, 6);
  assert.equal(person.sandbox(["show", "s-a"]).status, 2);
});

test("a path outside the session's workspaces is exit 2", () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--", "sh", "-c", "echo x > x"]);
  const result = person.sandbox(["commit", "latest", "/etc/passwd", "--yes"]);
  assert.equal(result.status, 2);
  assert.match(result.stderr, /outside every workspace/);
});

test("a damaged session is reported with its path and kept; others go on working", () => {
  using person = openPerson(KIND);
  const one = person.sandboxJson(["run", "--", "sh", "-c", "echo x > x"]).json.session;
  const two = person.sandboxJson(["run", "--", "sh", "-c", "echo y > y"]).json.session;
  const file = path.join(person.stateHome, "sessions", one, "session.json");
  writeFileSync(file, "{ half");
  const list = person.sandbox(["ls"]);
  assert.equal(list.status, 0);
  assert.match(list.stderr, new RegExp(file));
  assert.match(list.stdout, new RegExp(two));
  assert.equal(person.sandbox(["commit", one, "--yes"]).status, 1);
  assert.ok(existsSync(file));
  assert.equal(person.sandbox(["commit", two, "--yes"]).status, 0);
});

test("discard says what stays: what was committed, until it is rolled back", () => {
  using person = openPerson(KIND);
  const { session } = person.sandboxJson(["run", "--", "sh", "-c", "echo x > x"]).json;
  const { commit } = person.sandboxJson(["commit", session, "--yes"]).json;
  assert.match(person.sandbox(["discard", session]).stdout, /what was committed stays/);
  assert.equal(person.sandbox(["rollback", commit]).status, 0);
  assert.match(person.sandbox(["discard", session]).stdout, /your files are as they were/);
});

test("discard drops the layers, prune never takes what is pending", () => {
  using person = openPerson(KIND);
  const pending = person.sandboxJson(["run", "--", "sh", "-c", "echo x > x"]).json.session;
  const empty = person.sandboxJson(["run", "--", "true"]).json.session;
  const line = (session: string) => new RegExp(`^${session} +([a-z ]+?)  `, "m");
  const stateOf = (session: string) =>
    line(session).exec(person.sandbox(["ls", "--all"]).stdout)?.[1];
  assert.deepEqual([stateOf(pending), stateOf(empty)], ["pending", "nothing changed"]);
  const pruned = person.sandboxJson(["prune"]).json;
  assert.deepEqual([stateOf(pending), stateOf(empty)], ["pending", "discarded"]);
  assert.deepEqual(pruned.removed, [empty]);
  assert.deepEqual(
    pruned.kept.map((kept: { session: string }) => kept.session),
    [pending],
  );
  assert.equal(person.sandbox(["diff", pending]).status, 0);
  assert.equal(person.sandbox(["discard", pending]).status, 0);
  assert.equal(person.sandbox(["diff", pending]).status, 2);
  assert.ok(!existsSync(path.join(person.stateHome, "sessions", pending, "layers", "0", "upper")));
});

test("names from a sandbox cannot write to a terminal or forge a line", () => {
  using person = openPerson(KIND);
  const run = person.sandbox(["run", "--", "sh", "-c", "echo x > \"$(printf 'a\\033[2Jb\\nc')\""]);
  assert.ok(!run.stderr.includes(ESCAPE));
  const stat = person.sandbox(["diff", "latest", "--name-status"]);
  assert.ok(!stat.stdout.includes(ESCAPE));
  assert.match(stat.stdout, /^A\t/);
});

test("every command has a help text with an example", () => {
  using person = openPerson(KIND);
  for (const name of [
    "run",
    "exec",
    "ls",
    "show",
    "diff",
    "commit",
    "rollback",
    "refresh",
    "discard",
    "recover",
    "prune",
    "doctor",
  ]) {
    const { status, stdout } = person.sandbox([name, "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, /Example:\n {2}sandbox /, name);
  }
});

test("output is kept and replayed", () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--", "sh", "-c", "echo out; echo err >&2"]);
  const { stdout, stderr } = person.sandbox(["show", "latest", "--output"]);
  assert.equal(stdout, "out\n");
  assert.match(stderr, /err\n$/);
});

test("a task that cannot be put on record does not run", () => {
  using person = openPerson(KIND);
  person.run(["mkdir", "-p", "-m", "700", person.stateHome]);
  const taken = path.join(person.stateHome, "audit");
  person.run(["touch", taken]);
  const refused = person.sandbox(["run", "--", "echo", "it ran"]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /^sandbox: the audit log cannot be written: .*\n {2}hint: .*\n$/);
  assert.doesNotMatch(refused.stdout, /it ran/);
  assert.deepEqual(sessionsOf(person), []);
  person.run(["rm", taken]);
  assert.equal(person.sandbox(["run", "--", "echo", "it ran"]).stdout, "it ran\n", "control");
});

test("what contradicts itself or lacks a word is told as just that", () => {
  using person = openPerson(KIND);
  for (const [message, ...args] of [
    [/--tty and --no-tty exclude each other/, "run", "-t", "-T", "--", "true"],
    [/policy: say what to do: check, explain or test/, "policy"],
    [/submit commit: name its SESSION/, "submit", "commit"],
    [/submit rollback: name its COMMIT/, "submit", "rollback"],
    [/submit frob: not an action/, "submit", "frob"],
    [/--deadline: 2001-01-01 is over already/, "submit", "--deadline", "2001-01-01", "--", "true"],
  ] as const) {
    const { status, stderr } = person.sandbox(args);
    assert.deepEqual([status, stderr.split("\n").length <= 3], [2, true], stderr);
    assert.match(stderr, message);
  }
  const task = person.sandbox(["run", "-T", "--", "sh", "-c", 'echo "$@"', "sh", "-t", "-T"]);
  assert.deepEqual([task.status, task.stdout], [0, "-t -T\n"], "control: the task's own words");
});

test("an ambiguous reference lists what it could mean, in JSON as a list", () => {
  using person = openPerson(KIND);
  for (const name of ["one", "two"])
    person.sandbox(["run", "--name", name, "--", "sh", "-c", `echo x > ${name}`]);
  const { status, json } = person.sandboxJson(["discard", "latest"]);
  assert.deepEqual([status, json.error.message], [2, "latest could be any of these"]);
  assert.equal(json.error.list.length, 2);
  assert.match(person.sandbox(["discard", "latest"]).stderr, /any of these\n {2}s-.*\n {2}s-/);
});
