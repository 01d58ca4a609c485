import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);
const FILES = { "src/a": "a\n", ".env": "SECRET=1\n", "lib/l": "l\n", keep: "k\n" };

/** A profile of the person's own, in the project for want of a better place. */
const OWN = `version: 1
paths:
  - {path: ".env*", mode: hidden}
  - {path: lib, mode: readonly}
  - {path: dist, mode: scratch}
scope: {commit: ["src/**"], outside: deny}
limits: {pids: 100, time: 1m}
env: {pass: [LANG], set: {CI: "1"}}
commands:
  rules:
    - {id: no-rm, argv: [rm], decision: deny}
    - {id: careful, argv: [touch], decision: ask}
changes:
  - {match: "src/**", decision: allow}
`;

function open(kind: Person["kind"]): Person {
  const person = openPerson(kind);
  person.make({ ...FILES, "../own.yaml": OWN });
  return person;
}

for (const kind of KINDS)
  test(`${kind}: a profile is in force inside, and at the commit`, () => {
    using person = open(kind);
    const script =
      "cat .env; echo x > lib/l; mkdir dist; echo d > dist/d; echo b > src/b; echo o > out; echo $CI-$COLORTERM-$LANG";
    const run = person.sandbox(
      ["run", "--profile", "../own.yaml", "--commit", "auto", "--", "sh", "-c", script],
      {
        env: { COLORTERM: "1", LANG: "C" },
      },
    );
    assert.match(run.stderr, /\.env: Permission denied/);
    assert.match(run.stderr, /lib\/l: Read-only file system/);
    assert.match(run.stdout, /^1--C$/m);
    const shown = person.sandboxJson(["diff", "latest"]).json;
    const changes = shown.changes.map(
      (one: { path: string; decision: string }) => `${one.path} ${one.decision}`,
    );
    assert.deepEqual(changes, ["out deny"]);
    assert.equal(readFileSync(path.join(person.project, "src/b"), "utf8"), "b\n");
    assert.ok(
      !existsSync(path.join(person.project, "dist")) &&
        !existsSync(path.join(person.project, "out")),
    );
    const named = person.sandbox(["commit", "latest", "--yes", "out"]);
    assert.equal(named.status, 4, named.stderr);
    const exec = person.sandbox(["exec", "latest", "--", "sh", "-c", "cd dist && rm d"]);
    assert.equal(exec.status, 4, exec.stderr);
    assert.match(exec.stderr, /denied by the profile: no-rm/);
    const control = person.sandbox(["exec", "latest", "--", "cat", "dist/d"]);
    assert.deepEqual([control.status, control.stdout], [0, "d\n"], control.stderr);
    const explained = person.sandbox(["policy", "explain", "--session", "latest"]);
    assert.match(explained.stdout, /lib: seen, not changed/);
  });

test("nothing is started that the profile denies, or asks about with nobody there", () => {
  using person = open("plain user");
  const run = (...argv: readonly string[]) =>
    person.sandbox(["run", "--profile", "../own.yaml", "--", ...argv]);
  for (const [answer, ...argv] of [
    [/denied by the profile: no-rm: the rule denies it; nothing was started/, "rm", "keep"],
    [/denied by the profile: no-rm/, "sh", "-c", "timeout 5 rm keep"],
    [/in need of approval, and nobody is there to ask: careful/, "touch", "x"],
    [/in need of approval, and nobody is there to ask: builtin:unclear/, "sh", "-c", "$X keep"],
  ] as const) {
    const refused = run(...argv);
    assert.equal(refused.status, 4, argv.join(" "));
    assert.match(refused.stderr, answer);
  }
  assert.deepEqual(person.sandboxJson(["ls"]).json.sessions, []);
  assert.equal(run("sh", "-c", "cat keep").stdout, "k\n");
  const log = readFileSync(path.join(person.stateHome, "audit/log.jsonl"), "utf8");
  const decided = log.split("\n").filter((line) => line.includes("command.decided"));
  assert.equal(decided.length, 5);
});

test("a project's file tightens a run, is read from the real directory, and is not the task's to write", () => {
  using person = open("plain user");
  person.make({ ".sandbox.yaml": "version: 1\npaths: [{path: keep, mode: hidden}]\n" });
  const run = person.sandbox([
    "run",
    "--",
    "sh",
    "-c",
    "cat keep; echo 'version: 1' > .sandbox.yaml; rm .sandbox.yaml",
  ]);
  assert.match(run.stderr, /keep: Permission denied/);
  assert.match(
    run.stderr,
    /create \.sandbox\.yaml: Read-only file system|\.sandbox\.yaml: Read-only/,
  );
  person.make({ ".sandbox.yaml": "version: 1\n\nlimits: {memory: 8GiB}\nenv: {set: {A: b}}\n" });
  const refused = person.sandbox(["run", "--profile", "ci", "--", "true"]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /\.sandbox\.yaml:4: env\.set: not for a project to choose/);
});

test("a profile of one's own is found by its name, and only where nobody else can write it", () => {
  using person = openPerson("root" === KINDS[0] ? "root" : "plain user");
  const config = path.join(person.home, ".config", "sandbox");
  mkdirSync(config, { recursive: true });
  const file = path.join(config, "mine.yaml");
  writeFileSync(file, "version: 1\nextends: ci\nlimits: {time: 5m}\n");
  const env = { XDG_CONFIG_HOME: path.join(person.home, ".config") };
  const found = person.sandbox(["policy", "explain", "--profile", "mine"], { env });
  if (person.kind === "root") assert.match(found.stdout, /5 min of time/, found.stderr);
  chmodSync(file, 0o666);
  const refused = person.sandbox(["policy", "check", "--profile", "mine"], { env });
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /mine\.yaml: somebody else can write it/);
});

test("what cannot be put in force is refused, and nothing runs", () => {
  using person = open("plain user");
  for (const line of [
    "budgets: {retry: {same_command_failures: 3, over: slow}}",
    "budgets: {delete: {files: 1, per: run, over: slow}}",
    "user: {uid: 1}",
  ]) {
    person.make({ "../own.yaml": `version: 1\n${line}\n` });
    const refused = person.sandbox(["run", "--profile", "../own.yaml", "--", "true"]);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, /cannot be put in force|wants user\.uid 1/);
  }
  person.make({ "../own.yaml": "version: 1\n" });
  assert.equal(person.sandbox(["run", "--profile", "../own.yaml", "--", "true"]).status, 0);
});

test("policy check says the decision, the rule and why; policy test runs the examples", () => {
  using person = open("plain user");
  const check = person.sandboxJson([
    "policy",
    "check",
    "--profile",
    "permissive-reads",
    "--",
    "git",
    "push",
  ]);
  assert.deepEqual([check.status, check.json.decision, check.json.rule], [4, "ask", "default"]);
  const allowed = person.sandbox([
    "policy",
    "check",
    "--profile",
    "permissive-reads",
    "--",
    "sh",
    "-c",
    "cat a | wc -l",
  ]);
  assert.deepEqual([allowed.status, allowed.stdout.split(":")[0]], [0, "allow"], allowed.stderr);
  const tested = person.sandbox(["policy", "test", "--profile", "permissive-reads"]);
  assert.match(tested.stdout, /, 0 failed$/m);
  const wrong = person.sandboxJson(["policy", "check", "--profile", "nothing"]);
  assert.deepEqual([wrong.status, wrong.json.error.code], [2, "usage"]);
  assert.match(
    person.sandbox(["policy", "check", "--profile", "strict"]).stdout,
    /^strict: valid, sha256:[0-9a-f]{64}$/m,
  );
});

test("policy check says that a run would be refused where a sandbox could not begin", () => {
  using person = open("plain user");
  const own = (program: string) => {
    person.make({
      "../own.yaml": `version: 1\ncommands: {rules: [{id: never, argv: [${program}], decision: deny}]}\n`,
    });
    return person.sandbox(["policy", "check", "--profile", "../own.yaml"]);
  };
  assert.match(own("perl").stdout, /^a run is refused: .*perl is denied/m);
  assert.equal(person.sandbox(["run", "--profile", "../own.yaml", "--", "true"]).status, 125);
  assert.doesNotMatch(own("curl").stdout, /a run is refused/, "control");
});
