import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { isBrief } from "../support/is-brief.js";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0
    ? isBrief
      ? (["root"] as const)
      : (["root", "plain user"] as const)
    : (["plain user"] as const);

/** Makes directories, each with 200 empty files. */
const fill = (count: number): string =>
  `for i in $(seq ${count}); do mkdir d$i || exit 9; (cd d$i && seq 200 | xargs touch) || exit 9; done`;

/** Says how many processes it could make, of 200. */
const FORK_BOMB = `
import os, time
made = 0
try:
  while made < 200:
    if os.fork() == 0: time.sleep(60); os._exit(0)
    made += 1
except OSError: pass
print("made", made)`;

function run(person: Person, options: readonly string[], task: readonly string[]) {
  return person.sandbox(["run", "--name", "one", "--timeout", "60s", ...options, "--", ...task]);
}

describe("limits, as a person meets them", () => {
  for (const kind of KINDS) {
    test(`${kind}: --disk ends a task that makes empty files without end, and what it made can be reviewed`, () => {
      using person = openPerson(kind);
      const { stderr } = run(person, ["--disk", "1MiB"], ["sh", "-c", fill(2000)]);
      assert.match(stderr, /over the limit of 1\.0 MiB/);
      const { json } = person.sandboxJson(["show", "one"]);
      assert.equal(json.outcome.outcome, "interrupted");
      assert.ok(person.sandboxJson(["diff", "one"]).json.changes.length > 200);
    });

    test(`${kind}: --disk leaves a task alone that makes some`, () => {
      using person = openPerson(kind);
      const { status, stderr } = run(
        person,
        ["--disk", "1MiB"],
        ["sh", "-c", `${fill(3)}; sleep 1`],
      );
      assert.equal(status, 0, stderr);
    });

    test(`${kind}: under gVisor --pids refuses what is over it, and lets a task have that many`, {
      skip: spawnSync("runsc", ["--version"]).status === 0 ? false : "runsc is not installed",
    }, () => {
      using person = openPerson(kind);
      const options = ["--runtime", "runsc", "--pids", "60", "--memory", "1GiB"];
      const { status, stdout, stderr } = run(person, options, ["python3", "-c", FORK_BOMB]);
      assert.equal(status, 0, stderr);
      const made = Number(/made (\d+)/.exec(stdout)?.[1]);
      assert.ok(made > 40 && made < 60, stdout);
    });
  }
});
