import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

/** Starts what says "begun" when its task has, and resolves then. */
async function start(person: Person, args: readonly string[]): Promise<ChildProcess> {
  const { argv, env } = person.command(args);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, {
    cwd: person.project,
    env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  for await (const chunk of child.stdout) if (String(chunk).includes("begun")) return child;
  throw new Error("the task did not begin");
}

/** Its exit code. */
async function endOf(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null) await once(child, "exit");
  return child.exitCode;
}

for (const kind of KINDS)
  test(`${kind}: stop ends a task of another terminal, and what it changed can be committed`, async () => {
    using person = openPerson(kind);
    const script =
      "trap 'echo cleaned > end; exit 0' TERM; echo x > made; echo begun; sleep 900 & wait";
    const running = await start(person, ["run", "--name", "s", "--", "sh", "-c", script]);
    const busy = person.sandbox(["diff", "s"]);
    assert.equal(busy.status, 1);
    assert.match(busy.stderr, /sandbox stop s-\w+ ends it/);
    assert.equal(person.sandbox(["stop", "latest"]).status, 2, "that one has not ended");
    const stopped = person.sandboxJson(["stop", "s"]);
    assert.equal(stopped.status, 0, stopped.stderr);
    assert.deepEqual(
      [stopped.json.state, stopped.json.stopped, stopped.json.reason],
      ["interrupted", true, "stopped by sandbox stop"],
    );
    assert.equal(await endOf(running), 137);
    const shown = person.sandboxJson(["show", "s"]).json;
    assert.equal(shown.outcome.outcome, "interrupted");
    const paths = person
      .sandboxJson(["diff", "s"])
      .json.changes.map((one: { path: string }) => one.path);
    assert.deepEqual(paths, ["end", "made"], "it could clean up");
    assert.equal(person.sandboxJson(["stop", "s"]).json.stopped, false, "again is no error");

    // Another task on the same layers has a wish of its own.
    const next = await start(person, [
      "exec",
      "s",
      "--",
      "sh",
      "-c",
      "trap '' TERM; echo begun; sleep 900",
    ]);
    assert.equal(person.sandbox(["stop", "s"]).status, 0, "one that does not listen is killed");
    assert.equal(await endOf(next), 137);
    const after = person.sandbox(["exec", "s", "--", "sh", "-c", "sleep 1; cat end"]);
    assert.equal(
      after.stdout,
      "cleaned\n",
      "control: a wish for an earlier task ends no later one",
    );
    assert.equal(person.sandbox(["commit", "s", "--yes"]).status, 0);
    assert.equal(person.sandbox(["log", "--verify"]).status, 0);
  });

test("SIGTERM and SIGHUP end a task that does not heed them too, and what it changed is kept", async () => {
  using person = openPerson("plain user");
  const script = "trap '' TERM HUP; echo x > made; echo begun; exec sleep 900";
  const heeding = "trap 'exit 5' TERM; echo begun; sleep 900 & wait";
  for (const signal of ["SIGTERM", "SIGHUP"] as const) {
    const name = signal.toLowerCase();
    const running = await start(person, ["run", "--name", name, "--", "sh", "-c", script]);
    running.kill(signal);
    assert.equal(await endOf(running), 137);
    const shown = person.sandboxJson(["show", name]).json;
    assert.deepEqual(
      [shown.state, shown.outcome.outcome, shown.reason],
      ["interrupted", "interrupted", `it did not end at ${signal}`],
    );
    assert.equal(person.sandbox(["commit", name, "--dry-run"]).status, 0);
  }
  const running = await start(person, ["run", "--", "sh", "-c", heeding]);
  running.kill("SIGTERM");
  assert.equal(await endOf(running), 5, "control: one that heeds it has its own code");
});
