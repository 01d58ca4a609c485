import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

/** Starts a task that says when it has begun, and resolves then. */
async function startTask(
  person: Person,
  script: string,
  options: readonly string[] = [],
): Promise<ReturnType<typeof spawn>> {
  const { argv, env } = person.command(["run", ...options, "--", "sh", "-c", script]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { cwd: person.project, env, stdio: ["ignore", "pipe", "pipe"] });
  let seen = "";
  for await (const chunk of child.stdout) {
    seen += String(chunk);
    if (seen.includes("begun")) return child;
  }
  throw new Error(`the task did not begin: ${seen}`);
}

/** Control groups of the session, in all hierarchies. */
function findGroups(session: string): readonly string[] {
  return readdirSync("/sys/fs/cgroup", { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => path.join("/sys/fs/cgroup", name, `sandbox-${session}`))
    .filter((directory) => existsSync(directory));
}

/** Waits until no process has `marker` among its arguments. */
async function waitUntilGone(person: Person, marker: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (person.run(["pgrep", "-f", marker]).status === 1) return;
    await delay(50);
  }
  assert.fail(`${marker} still runs`);
}

for (const kind of KINDS) {
  test(`${kind}: SIGKILL of the program ends the sandbox and leaves a session to review`, async () => {
    using person = openPerson(kind);
    const marker = `86${process.pid}`;
    const child = await startTask(person, `echo x > made.txt; echo begun; sleep ${marker} & wait`);
    assert.equal(person.run(["pgrep", "-f", `sleep ${marker}`]).status, 0, "control: it runs");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { json } = person.sandboxJson(["ls"]);
    await waitUntilGone(person, `sleep ${marker}`);
    await waitUntilGone(person, json.sessions[0].session);
    assert.equal(json.sessions[0].state, "interrupted");
    const { session } = json.sessions[0];
    const dying = spawn("sh", ["-c", "read line", "runtime", "--pid-file", session]);
    for (const command of ["diff", "discard"]) {
      const refused = person.sandbox([command, session]);
      assert.equal(refused.status, 1, refused.stderr);
      assert.match(refused.stderr, /still being ended/);
    }
    dying.kill("SIGKILL");
    await once(dying, "exit");
    const diff = person.sandboxJson(["diff", "latest"]).json;
    assert.deepEqual(
      diff.changes.map((change: { path: string }) => change.path),
      ["made.txt"],
    );
    assert.equal(person.sandbox(["commit", "latest", "--yes"]).status, 0);
    assert.equal(readFileSync(path.join(person.project, "made.txt"), "utf8"), "x\n");
  });

  test(`${kind}: SIGKILL of the program leaves no control group once its session is looked at`, async () => {
    using person = openPerson(kind);
    const marker = `87${process.pid}`;
    const child = await startTask(person, `echo begun; sleep ${marker}`, ["--memory", "200m"]);
    const { session } = person.sandboxJson(["ls"]).json.sessions[0];
    if (kind === "root") assert.notDeepEqual(findGroups(session), [], "control");
    child.kill("SIGKILL");
    await once(child, "exit");
    await waitUntilGone(person, `sleep ${marker}`);
    await waitUntilGone(person, session);
    assert.equal(person.sandbox(["diff", session]).status, 0);
    assert.deepEqual(findGroups(session), []);
  });

  test(`${kind}: while a task runs its session can be neither committed nor discarded`, async () => {
    using person = openPerson(kind);
    const child = await startTask(person, "echo x > made.txt; echo begun; sleep 600");
    const { session } = person.sandboxJson(["ls"]).json.sessions[0];
    for (const args of [
      ["diff", session],
      ["commit", session, "--yes"],
      ["discard", session],
    ]) {
      const result = person.sandbox(args);
      assert.equal(result.status, 1, args.join(" "));
      assert.match(result.stderr, /still running/);
    }
    child.kill("SIGTERM");
    await once(child, "exit");
    assert.ok(!existsSync(path.join(person.project, "made.txt")));
    assert.equal(person.sandbox(["discard", session]).status, 0, "control");
  });
}
