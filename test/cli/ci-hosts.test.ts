import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

function open(): Person {
  const person = openPerson(process.getuid?.() === 0 ? "root" : "plain user");
  person.make({ "a.txt": "a\n" });
  return person;
}

function read(person: Person, file: string): string {
  return readFileSync(path.join(person.project, file), "utf8");
}

/** The environment of a step, with its files. */
function openStep(person: Person) {
  const at = (name: string) => path.join(person.home, name);
  person.make({ "../summary": "before\n", "../output": "" });
  const env = {
    ...{ GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: person.home },
    ...{ GITHUB_STEP_SUMMARY: at("summary"), GITHUB_OUTPUT: at("output") },
  };
  return {
    env,
    summary: () => read(person, "../summary"),
    output: () => read(person, "../output"),
  };
}

/** The commands that GitHub's runner obeys in a log (ActionCommandManager): none between a stop and its token. */
function obeyed(log: string): readonly string[] {
  let stopped: string | undefined;
  return log.split(/\r?\n/).flatMap((line) => {
    const command = /^\s*::([^ :]+)/.exec(line)?.[1] ?? /##\[([^\] ]+)/.exec(line)?.[1];
    if (stopped !== undefined) {
      if (command === stopped) stopped = undefined;
      return [];
    }
    if (command === "stop-commands") stopped = line.split("::").at(-1);
    return command === undefined || command === "stop-commands" ? [] : [command];
  });
}

test("in a step of GitHub's, nothing that a task prints or names is a command", () => {
  using person = open();
  const step = openStep(person);
  const forge = [
    "echo '::set-output name=session::forged'; echo '##[add-path]/evil' >&2; printf '::error::unended'",
    "mkdir '::add-mask::x'; echo x > '::add-mask::x/##[set-env name=A]b'; echo y > .envrc",
    "mv a.txt '::notice::x'",
  ];
  const run = person.sandbox(
    ["run", "--ci", "--json", "--commit", "auto", "--", "sh", "-c", forge.join("\n")],
    step,
  );
  assert.equal(run.status, 4, run.stderr);
  assert.match(run.stderr, /set-output name=session::forged/, "control: it was printed");
  assert.deepEqual([...new Set(obeyed(run.stderr))], ["error", "warning", "notice"]);
  assert.deepEqual(obeyed(run.stdout), []);
  assert.match(run.stderr, /^::error file=project\/\.envrc,line=1,title=sandbox%3A runs-later::/m);
  const { session } = JSON.parse(run.stdout);
  assert.equal(step.output(), `session=${session}\noutcome=denied\nexit=4\nchanges=5\ncommit=\n`);
  assert.match(step.summary(), /^before\n\n### sandbox: denied\n/);
  assert.ok(obeyed("::set-output name=x::y\n").length > 0, "control");
  const plain = person.sandbox(["run", "--ci", "--", "echo", "out"], step);
  assert.match(plain.stderr, /^out$/m, "all output is in one stream, in order");
  assert.equal(plain.stdout, "");
});

test("a task that goes on over its budget is ended, since nobody can decide: exit 4", () => {
  using person = open();
  const files = Array.from({ length: 12 }, (_, at) => [`d/${at}`, "x\n"]);
  person.make({
    ...Object.fromEntries(files),
    "../budget.yaml": "version: 1\nbudgets: {delete: {files: 2, per: run, over: hold}}\n",
  });
  const script = 'for f in d/*; do rm "$f"; sleep 1; done; sleep 60';
  const run = person.sandboxJson([
    ...["run", "--ci", "--profile", "../budget.yaml", "--timeout", "100s"],
    ...["--", "sh", "-c", script],
  ]);
  assert.deepEqual([run.status, run.json.outcome], [4, "interrupted"], run.stderr);
  assert.match(run.json.problem.message, /over budget: .*nobody is there to decide/);
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
});

test("a summary never makes GitHub's file longer than it takes", () => {
  using person = open();
  const step = openStep(person);
  person.make({ "../summary": "x".repeat(1024 * 1024 - 100) });
  assert.equal(person.sandbox(["run", "--ci", "--", "true"], step).status, 0);
  assert.equal(step.summary().length, 1024 * 1024 - 100);
});

test("in a job of GitLab's, the task's output is a section", () => {
  using person = open();
  const run = person.sandbox(["run", "--ci", "--", "echo", "out"], { env: { GITLAB_CI: "true" } });
  assert.equal(run.stdout, "out\n");
  const marker = (what: string) => `\u001b\\[0Ksection_${what}:\\d+:sandbox_task\r\u001b\\[0K`;
  assert.match(run.stderr, new RegExp(`${marker("start")}.*\\n${marker("end")}\\n`));
});
