import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";

function logOf(person: Person, name = "log.jsonl"): string {
  return path.join(person.stateHome, "audit", name);
}

test("the log tells a person what was done, harmless for a terminal and without secrets", () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--", "sh", "-c", "echo x > f; : \u001b[31m GITHUB_TOKEN=abcdef"]);
  const { status, stdout } = person.sandbox(["log"]);
  assert.equal(status, 0);
  const [title = "", first = ""] = stdout.split("\n");
  assert.match(title, /^TIME +EVENT +OF +WHAT$/);
  assert.match(first, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}run\.started +s-[a-z2-7]{10} +sh -c /);
  assert.match(first, / : \\u001b\[31m GITHUB_TOKEN=\[masked\]/);
  assert.doesNotMatch(stdout, /abcdef/);
  assert.ok(!stdout.includes("\u001b"));
  assert.doesNotMatch(readFileSync(logOf(person), "utf8"), /abcdef/);
});

test("of one session, or the newest only, one JSON record a line", () => {
  using person = openPerson(KIND);
  for (const name of ["one", "two"]) person.sandbox(["run", "--name", name, "--", "touch", name]);
  const read = (...args: readonly string[]) =>
    person
      .sandbox(["log", "--json", ...args])
      .stdout.split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  const all = read();
  assert.deepEqual(
    all.map(({ schema, seq }) => [schema, seq]),
    all.map((_, at) => ["log/1", at + 1]),
  );
  const one = read("--session", "one");
  assert.ok(one.length > 0 && one.length < all.length);
  assert.equal(new Set(one.map(({ session }) => session)).size, 1);
  const [{ session }] = one;
  person.run(["rm", "-r", path.join(person.stateHome, "sessions", session)]);
  assert.deepEqual(read("--session", session), one, "the log knows sessions that are gone");
  assert.deepEqual(read("--last", "2"), all.slice(-2));
  assert.equal(person.sandbox(["log", "--session", "nobody"]).status, 6);
  assert.equal(person.sandbox(["log", "--last", "x"]).status, 2);
  assert.equal(person.sandbox(["log", "--verify", "--last", "1"]).status, 2);
});

test("what was done to the log is found, exit 5, and the place is named", () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--", "touch", "f"]);
  const right = person.sandbox(["log", "--verify"]);
  assert.equal(right.status, 0);
  assert.match(right.stdout, /signed up to record \d+, .*\nok: the log is as it was written\n$/);
  const text = readFileSync(logOf(person), "utf8");
  writeFileSync(logOf(person), text.replace("touch", "true"));
  const wrong = person.sandbox(["log", "--verify"]);
  assert.equal(wrong.status, 5);
  assert.match(wrong.stdout, /NOT as it was written: log\.jsonl:2, record 2: .*edited/);
  const { status, json } = person.sandboxJson(["log", "--verify"]);
  assert.deepEqual([status, json.ok, json.problem.line], [5, false, 2]);
  writeFileSync(logOf(person), text.slice(0, text.indexOf("\n") + 1));
  assert.match(person.sandbox(["log", "--verify"]).stdout, /cut off after record 1/);
});

test("follows what is recorded, over a file that is put aside, until it is interrupted", async () => {
  using person = openPerson(KIND);
  person.sandbox(["run", "--", "touch", "f"]);
  const { argv, env } = person.command(["log", "--follow", "--json", "--last", "1"]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { env, cwd: person.project, stdio: ["ignore", "pipe", "pipe"] });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value ?? "null");
    const exited = once(child, "exit");
    const { seq, event } = await next();
    assert.equal(event, "run.ended", "the newest of three");
    appendFileSync(logOf(person), "unfinished");
    person.sandbox(["run", "--", "touch", "g"]);
    for (const at of [1, 2, 3]) assert.equal((await next()).seq, seq + at);
    renameSync(logOf(person), logOf(person, "log-000001.jsonl"));
    person.sandbox(["run", "--", "touch", "h"]);
    for (const at of [4, 5, 6]) assert.equal((await next()).seq, seq + at);
    child.kill("SIGINT");
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill("SIGKILL");
  }
  assert.match(person.sandbox(["log", "--verify"]).stdout, /^9 records in 2 files\n1 unfinished/);
});
