import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";
import {
  assertCodeQuality,
  assertJunit,
  assertReport,
  assertSarif,
} from "../support/report-schemas.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const ALLOW = 'version: 1\nchanges: [{match: "**", decision: allow}]\n';
const REPORTS = ["junit", "sarif", "markdown", "json", "gitlab"];

function open(kind: Person["kind"] = KIND): Person {
  const person = openPerson(kind);
  person.make({ "a.txt": "a\n", "../allow.yaml": ALLOW });
  return person;
}

function read(person: Person, file: string): string {
  return readFileSync(path.join(person.project, file), "utf8");
}

test("what policy allows is committed; what it asks about or denies keeps everything out", () => {
  using person = open("plain user");
  const edit = ["sh", "-c", "echo b > a.txt; echo n > new; echo out"];
  const asked = person.sandboxJson(["run", "--ci", "--commit", "auto", "--", ...edit]);
  assert.deepEqual([asked.status, asked.json.problem.code], [4, "denied"], asked.stderr);
  assert.equal(asked.json.exit.code, 0);
  assert.match(asked.stderr, /policy asks about, and nobody is there to approve: a\.txt, new/);
  person.make({
    "../some.yaml": `${ALLOW.trimEnd().slice(0, -1)}, {match: new, decision: deny}]\n`,
  });
  const some = ["--profile", "../some.yaml"];
  const denied = person.sandbox(["run", "--ci", "--commit", "auto", ...some, "--", ...edit]);
  assert.equal(denied.status, 4, denied.stderr);
  assert.match(denied.stderr, /what policy denies: new \(/);
  assert.deepEqual(
    [read(person, "a.txt"), existsSync(path.join(person.project, "new"))],
    ["a\n", false],
  );
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, [], "nobody is asked later");
  const all = ["--profile", "../allow.yaml"];
  const never = person.sandbox(["run", "--ci", ...all, "--", ...edit]);
  assert.deepEqual([never.status, read(person, "a.txt")], [0, "a\n"], "only where asked for");
  const done = person.sandboxJson(["run", "--ci", "--commit", "auto", ...all, "--", ...edit]);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.json.commit.applied.length, 2);
  assert.deepEqual([read(person, "a.txt"), read(person, "new")], ["b\n", "n\n"]);
});

test("each end has its own exit code, and the task's own is in the JSON", () => {
  using person = open();
  const ci = (...args: readonly string[]) =>
    person.sandboxJson(["run", "--ci", "--report", "json:r.json", ...args]);
  const report = () => JSON.parse(read(person, "r.json"));
  const failed = ci("--", "sh", "-c", "echo x > x; exit 7");
  assert.deepEqual(
    [failed.status, failed.json.exit.code, report().verdict],
    [10, 7, "task-failed"],
  );
  const killed = ci("--", "sh", "-c", "kill -9 $$");
  assert.deepEqual([killed.status, killed.json.exit.signal], [10, 9]);
  const late = ci("--timeout", "1s", "--", "sleep", "60");
  assert.deepEqual(
    [late.status, late.json.outcome, report().verdict],
    [124, "timed-out", "timed-out"],
  );
  const gone = ci("--", "no-such-program");
  assert.deepEqual([gone.status, gone.json.error.code], [10, "command-not-found"]);
  assert.deepEqual([report().exit, report().problem.code], [10, "command-not-found"]);
  const nowhere = person.sandboxJson(
    ["run", "--ci", "--report", "json:r.json", "--engine", "docker", "--", "true"],
    { env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } },
  );
  assert.deepEqual([nowhere.status, report().verdict, report().exit], [125, "not-run", 125]);
  person.make({
    "../rm.yaml": `version: 1\ncommands: {rules: [{id: no-rm, argv: [rm], decision: deny}, {id: ask-mv, argv: [mv], decision: ask}]}\n`,
    "../budget.yaml": `${ALLOW}budgets: {delete: {files: 1, per: run, over: hold}}\n`,
    "b.txt": "b\n",
  });
  for (const [program, why] of [
    ["rm", /denied by the profile: no-rm/],
    ["mv", /not approved: ask-mv/],
  ] as const) {
    const refused = ci("--profile", "../rm.yaml", "--", program, "a.txt");
    assert.equal(refused.status, 4);
    assert.match(report().problem.message, why);
  }
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
  const budget = ["--profile", "../budget.yaml", "--commit", "auto", "--"];
  const over = ci(...budget, "rm", "a.txt", "b.txt");
  assert.deepEqual([over.status, read(person, "a.txt")], [4, "a\n"], over.stderr);
  assert.match(over.json.problem.message, /over budget/);
  assert.equal(ci(...budget, "rm", "b.txt").status, 0, "control");
  assert.deepEqual([report().verdict, report().commit.applied], ["passed", 1]);
});

test("a file that changed under the run is a conflict: exit 3, and nothing is written", async () => {
  using person = open();
  const { argv, env } = person.command([
    ...["run", "--ci", "--commit", "auto", "--profile", "../allow.yaml", "--report", "json:r.json"],
    ...["--", "sh", "-c", "echo task > a.txt; echo new > new; echo ready; read go"],
  ]);
  const [file, ...args] = argv;
  const child = spawn(file, args, { cwd: person.project, env, stdio: ["pipe", "pipe", "ignore"] });
  child.stdout.on("data", () => {
    writeFileSync(path.join(person.project, "a.txt"), "host\n");
    child.stdin.end("go\n");
  });
  const [status] = await once(child, "exit");
  assert.equal(status, 3);
  const report = JSON.parse(read(person, "r.json"));
  assert.equal(report.verdict, "conflict");
  assert.deepEqual(
    report.conflicts.map((one: { path: string }) => one.path),
    ["a.txt"],
  );
  assert.deepEqual(
    [read(person, "a.txt"), existsSync(path.join(person.project, "new"))],
    ["host\n", false],
  );
});

test("every report is written, and valid, also where the task failed or nothing ran", () => {
  using person = open();
  for (const [name, status, ...args] of [
    [
      "allowed",
      0,
      "--commit",
      "auto",
      "--profile",
      "../allow.yaml",
      "--",
      "sh",
      "-c",
      "echo 1 > n",
    ],
    ["refused", 4, "--commit", "auto", "--", "sh", "-c", "echo x > .envrc; ln -s /etc l; rm a.txt"],
    [
      ...["failed", 10, "--allow", "localhost:9", "--", "sh", "-c"],
      "echo x > 'x|<b>'; curl -sS http://example.com/; exit 3",
    ],
    ["nothing", 10, "--", "no-such-program"],
    ["wrong", 2, "--memory", "lots", "--", "true"],
  ] as const) {
    const wanted = REPORTS.flatMap((format) => ["--report", `${format}:${name}.${format}`]);
    const run = person.sandbox(["run", "--ci", ...wanted, ...args]);
    assert.equal(run.status, status, run.stderr);
    assertJunit(read(person, `${name}.junit`));
    assertSarif(read(person, `${name}.sarif`));
    assertCodeQuality(read(person, `${name}.gitlab`));
    assertReport(read(person, `${name}.json`));
    assert.equal(JSON.parse(read(person, `${name}.json`)).exit, status);
    assert.match(read(person, `${name}.markdown`), /^### sandbox: /);
  }
  const refusedIn = (name: string) => JSON.parse(read(person, `${name}.json`)).refused;
  assert.deepEqual(
    refusedIn("failed").map(({ place, times }: Record<string, unknown>) => [place, times]),
    [["example.com:80", 1]],
  );
  assert.deepEqual(refusedIn("allowed"), [], "control");
  assert.match(read(person, "failed.junit"), /not reached: example\.com:80 \(1\): /);
  const { results } = JSON.parse(read(person, "refused.sarif")).runs[0];
  const rules = results.map(
    (one: { ruleId: string; level: string }) => `${one.ruleId} ${one.level}`,
  );
  assert.deepEqual(rules, ["runs-later error", "escaping-link error", "deletes note"]);
  assert.match(
    read(person, "refused.junit"),
    /<testcase classname="sandbox.runs-later" name=".envrc" time="0.000"><failure/,
  );
  assert.match(read(person, "refused.markdown"), /<pre>\n \.envrc &#124; 1 &#43;\n/);
  const left = readdirSync(person.project).filter((file) => file.endsWith(".tmp"));
  assert.deepEqual(left, []);
});

test("--report takes its path as a word of its own, and leaves the task's words alone", () => {
  using person = open();
  const say = ["sh", "-c", 'echo "$@"', "sh", "--report", "junit", "x.xml"];
  const run = person.sandbox([
    ...["run", "--timeout", "60s", "--ci", "--report", "junit", "one.xml"],
    ...["--report=sarif=two.sarif", "--report", "json", "three.json", ...say],
  ]);
  assert.deepEqual([run.status, run.stdout], [0, "--report junit x.xml\n"], run.stderr);
  assertJunit(read(person, "one.xml"));
  assertSarif(read(person, "two.sarif"));
  assert.equal(JSON.parse(read(person, "three.json")).verdict, "passed");
  assert.ok(!existsSync(path.join(person.project, "x.xml")));
});

test("what cannot be is refused before anything runs", () => {
  using person = open();
  person.make({ "d/": "" });
  symlinkSync("a.txt", path.join(person.project, "link"));
  for (const [message, ...args] of [
    [/--report is for --ci/, "--report", "json:x"],
    [/--report junit: it takes a format and a file,/, "--ci", "--report", "junit"],
    [/--report junti: there is no format junti\n.*junit, sarif/, "--ci", "--report", "junti", "x"],
    [/is there twice/, "--ci", "--report", "json:x", "--report", "sarif:./x"],
    [/there is no directory/, "--ci", "--report", "json:gone/x"],
    [/is not a file/, "--ci", "--report", "json:d"],
    [/is not a file/, "--ci", "--report", "json:link"],
    [/asks nobody/, "--ci", "--commit", "ask"],
    [/asks nobody/, "--ci", "--tty"],
  ] as const) {
    const run = person.sandbox(["run", ...args, "--", "sh", "-c", "echo ran"]);
    assert.deepEqual([run.status, run.stdout], [2, ""], `${args.join(" ")}: ${run.stderr}`);
    assert.match(run.stderr, message);
  }
  assert.equal(read(person, "a.txt"), "a\n");
});

test("a report goes where its path led before the run, whatever the task commits there", () => {
  using person = open();
  const outside = path.join(person.home, "outside");
  mkdirSync(outside, { mode: 0o777 });
  person.make({ "reports/old": "" });
  const run = person.sandbox([
    ...["run", "--ci", "--commit", "auto", "--profile", "../allow.yaml"],
    ...["--report", "json:reports/r.json", "--report", "junit:link.xml"],
    ...["--", "sh", "-c", `rm -r reports; ln -s ${outside} reports; ln -s ${outside}/x link.xml`],
  ]);
  assert.match(run.stderr, /reports\/r\.json could not be written: reports was replaced meanwhile/);
  assert.equal(run.status, 1, run.stderr);
  assert.deepEqual(readdirSync(outside), []);
  assertJunit(read(person, "link.xml"));
});

test("on a terminal it has none, and asks nothing", async () => {
  using person = open();
  const task = ["sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none; echo x > x"];
  const seen = await inTerminal(person, ["run", "--ci", "--commit", "auto", "--", ...task], []);
  assert.equal(seen.status, 4, seen.text);
  assert.doesNotMatch(seen.text, /\[y\/N/);
});
