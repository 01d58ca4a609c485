import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { describeTree } from "../support/describe-tree.js";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";
import { openEnded, placesOf, TAMPERS, TASK, tamper } from "./seal-case.js";

const options = process.getuid?.() === 0 ? {} : { skip: "makes devices in layers, as root" };
const QUESTION = "[y/N/r=review]";
const USE_GIT = "git -c user.name=a -c user.email=a@x commit -q --allow-empty -m host";

/** What is done while a person looks at the question, and the exit. */
const MEANWHILE: readonly (readonly [what: string, act: (person: Person) => void, exit: number])[] =
  [
    ["nothing", () => undefined, 0],
    ["other content in the layers", (person) => tamper(person, "printf 'TASK\\n' > f"), 5],
    [
      "another digest in the changeset",
      (person) => tamper(person, TAMPERS["a digest in the changeset"] ?? "exit 9"),
      5,
    ],
    ["the host's own edit", (person) => writeFileSync(path.join(person.project, "f"), "mine\n"), 3],
    // Of no path that the task changed: only the repository as a whole can show it.
    ["the host's own use of git", (person) => void person.run(["git", "branch", "mine"]), 3],
  ];

for (const [what, act, exit] of MEANWHILE) {
  test(`between the question and the answer: ${what} is exit ${exit}`, options, async () => {
    using person = openPerson("root");
    person.make({ f: "old\n", gone: "x\n", kept: "k\n", text: "a\n" });
    person.run(["sh", "-ec", `git init -q .; ${USE_GIT}`]);
    const task = `${TASK}; ${USE_GIT.replace("host", "task")}`;
    assert.equal(person.sandbox(["run", "--name", "s", "--", "sh", "-ec", task]).status, 0);
    let before = "";
    const answer = (): string => {
      act(person);
      before = describeTree(person.project);
      return "y\r";
    };
    const seen = await inTerminal(person, ["commit", "s", ".", ".git"], [[QUESTION, answer]]);
    assert.equal(seen.status, exit, seen.text);
    assert.equal(describeTree(person.project) === before, exit !== 0, seen.text);
  });
}

test("bases and answers that were altered are not believed", options, () => {
  using person = openEnded();
  writeFileSync(path.join(person.project, "text"), "mine\na\nb\nc\nd\n");
  const before = describeTree(person.project);
  tamper(person, `printf 'sha256:0 4\\nevil' > "$0/bases"`);
  const merged = person.sandbox(["commit", "s", "--yes", "--merge", "text"]);
  assert.notEqual(merged.status, 0, merged.stderr);
  assert.equal(person.sandbox(["review", "s", "--approve", "n"]).status, 0);
  tamper(
    person,
    `sed -i 's/sha256:[0-9a-f]/sha256:z/g' "$0/review.json"; sed -i 's/sha256:z/sha256:0/g' "$0/review.json"`,
  );
  const reviewed = person.sandbox(["commit", "s", "--reviewed"]);
  assert.notEqual(reviewed.status, 0, reviewed.stderr);
  assert.equal(describeTree(person.project), before);
});

test(
  "while a process of the task is alive there is nothing to commit, discard or prune",
  options,
  async () => {
    using person = openPerson("root");
    const { argv, env } = person.command([
      "run",
      "--name",
      "s",
      "--",
      "sh",
      "-c",
      "echo x > made; echo up; exec sleep 600",
    ]);
    const [file, ...rest] = argv;
    const child = spawn(file, rest, {
      cwd: person.project,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    for (const command of [
      ["commit", "s", "--yes"],
      ["discard", "s"],
    ]) {
      const { status, stderr } = person.sandbox(command);
      assert.ok(status !== 0 && /running/.test(stderr), stderr);
    }
    assert.equal(person.sandbox(["prune"]).status, 0);
    assert.ok(existsSync(path.join(placesOf(person).upper, "made")));
    assert.deepEqual(readdirSync(person.project), []);
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.equal(
      person.sandbox(["commit", "s", "--yes"]).status,
      0,
      "control: it can be once it is dead",
    );
    assert.deepEqual(readdirSync(person.project), ["made"]);
  },
);
