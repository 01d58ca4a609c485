import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import { openPerson, type Person } from "../support/person.js";

/** Permissions bind a plain user only. */
const KIND = "plain user";

/** The id in "sandbox approve a-…". */
function readId(stderr: string): string {
  const [, id] = /sandbox approve (a-[a-z2-7]{10})/.exec(stderr) ?? [];
  assert.ok(id !== undefined, stderr);
  return id;
}

function readApproval(person: Person, id: string) {
  return person.sandboxJson(["approvals", "show", id]).json;
}

/** A session whose commit somebody has approved. */
function approve(person: Person): { readonly session: string; readonly id: string } {
  const { json } = person.sandboxJson(["run", "--", "sh", "-c", "echo new > made"]);
  const id = readId(person.sandbox(["commit", json.session]).stderr);
  assert.equal(person.sandbox(["approve", id, "--yes"]).status, 0);
  return { session: json.session, id };
}

/** Whether a commit has been marked as begun and sleeps, as a program does that waits for its turn to write to SQLite. */
function isStopped(pid: number | undefined, hot: string): boolean {
  if (!existsSync(hot) || readdirSync(hot).length === 0) return false;
  return readFileSync(`/proc/${pid}/wchan`, "utf8").includes("nanosleep");
}

test("a commit that is killed where it uses its approval has written nothing, and the approval serves once", async () => {
  using person = openPerson(KIND);
  const { session, id } = approve(person);
  const made = path.join(person.project, "made");
  const hot = path.join(person.stateHome, "hot");
  // Nobody can write to the ledger while this is open: the commit stops where it would mark the approval.
  const ledger = new Database(path.join(person.stateHome, "ledger.db"));
  ledger.exec("BEGIN IMMEDIATE");
  const { argv, env } = person.command(["commit", session]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { cwd: person.project, env, stdio: "ignore" });
  const ended = once(child, "exit");
  while (!existsSync(made) && !isStopped(child.pid, hot)) {
    assert.equal(child.exitCode, null, "it ended before it came to its approval");
    await delay(5);
  }
  child.kill("SIGKILL");
  await ended;
  assert.equal(readApproval(person, id).usedAt, undefined, "it was killed before that");
  assert.equal(existsSync(made), false, "nothing is written before the approval is used up");
  ledger.exec("ROLLBACK");
  ledger.close();
  assert.equal(person.sandbox(["recover"]).status, 0);
  const done = person.sandbox(["commit", session]);
  assert.equal(done.status, 0, `control: unused, the approval holds: ${done.stderr}`);
  assert.equal(existsSync(made), true);
  assert.notEqual(readApproval(person, id).usedAt, undefined);
});

test("a commit that fails says that its approval is used up, and asks anew", (t) => {
  if (process.getuid?.() !== 0) return t.skip("taking a project away from its owner needs root");
  using person = openPerson(KIND);
  const { session, id } = approve(person);
  chownSync(person.project, 0, 0);
  const failed = person.sandbox(["commit", session]);
  assert.notEqual(failed.status, 0);
  assert.equal(existsSync(path.join(person.project, "made")), false);
  assert.match(failed.stderr, new RegExp(`${id} is used up`));
  chownSync(person.project, person.uid, person.uid);
  assert.notEqual(readId(person.sandbox(["commit", session]).stderr), id);
});

test("--yes is no stricter than no --yes: what was approved out of band it uses, and asks for nothing", () => {
  using person = openPerson(KIND);
  const { json } = person.sandboxJson(["run", "--", "sh", "-c", "echo '{}' > package.json"]);
  const made = path.join(person.project, "package.json");
  const commit = ["commit", json.session, "--yes"];
  assert.equal(person.sandbox(commit).status, 4, "control: nobody has approved it");
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
  const id = readId(person.sandbox(["commit", json.session]).stderr);
  assert.equal(person.sandbox(commit).status, 4, "it is asked, not answered");
  const { digest } = readApproval(person, id);
  assert.equal(person.sandbox(["approve", id, "--digest", digest]).status, 0);
  const done = person.sandbox(commit);
  assert.equal(done.status, 0, done.stderr);
  assert.ok(existsSync(made));
  assert.notEqual(readApproval(person, id).usedAt, undefined, "it serves once");
});
