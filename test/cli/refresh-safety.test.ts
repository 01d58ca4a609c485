import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";
import { conflictsOf, exec, file, KINDS, names, ok, openEdited, refresh } from "./refresh-case.js";

test("is refused while a task runs and for what is not pending", async () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  const { argv, env } = person.command(["exec", "s", "--", "sh", "-c", "echo begun; read end"]);
  const [program, ...rest] = argv;
  const child = spawn(program, rest, {
    cwd: person.project,
    env,
    stdio: ["pipe", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  const refused = person.sandboxJson(["refresh", "s"]);
  assert.equal(refused.status, 1);
  assert.match(refused.json.error.message, /still running/);
  child.stdin.end("\n");
  await once(child, "exit");
  assert.equal(refresh(person).revision, 3, "control: it has ended");
  const { session } = person.sandboxJson(["show", "s"]).json;
  ok(person, "discard", "s");
  assert.equal(person.sandboxJson(["refresh", session]).status, 2);
});

test("layers that were altered are refused", () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  const { session } = person.sandboxJson(["show", "s"]).json;
  const record = JSON.parse(
    readFileSync(path.join(stateOf(person, session), "session.json"), "utf8"),
  );
  writeFileSync(path.join(record.layers[0].upper, "only-task"), "other\n");
  assert.equal(person.sandboxJson(["refresh", "s"]).status, 5);
});

function stateOf(person: Person, session: string): string {
  return path.join(person.stateHome, "sessions", session);
}

const RECORDS = ["session.json", "changeset.json"] as const;

test("killed as it writes its record a refresh was done or was not, and no base is lost", () => {
  for (const isDone of [false, true]) {
    using person = openPerson(KINDS[0]);
    openEdited(person);
    person.make({ same: "same\n" });
    const { session } = person.sandboxJson(["show", "s"]).json;
    const dir = stateOf(person, session);
    const saved = path.join(person.home, "saved");
    mkdirSync(saved);
    for (const name of RECORDS) copyFileSync(path.join(dir, name), path.join(saved, name));
    refresh(person);
    // As after the kill: the new changeset lies beside the old one; the record is the old one still, or the new one.
    copyFileSync(path.join(dir, "changeset.json"), path.join(dir, "changeset.next.json"));
    copyFileSync(path.join(saved, "changeset.json"), path.join(dir, "changeset.json"));
    if (!isDone) copyFileSync(path.join(saved, "session.json"), path.join(dir, "session.json"));
    const changed = names(person.sandboxJson(["diff", "s"]).json.changes);
    assert.equal(changed.includes("same"), !isDone);
    assert.equal(person.sandboxJson(["show", "s"]).json.revision, isDone ? 2 : 1);
    exec(person, "sed -i 's/line 15/more/' both");
    assert.deepEqual(conflictsOf(person), ["both"]);
    assert.ok(!existsSync(path.join(dir, "changeset.next.json")));
    ok(person, "refresh", "s");
    if (isDone) ok(person, "commit", "s", "--yes", "--merge");
    else ok(person, "commit", "s", "--yes", "--theirs", "both");
  }
});

test("killed at any moment a refresh leaves the session whole", async () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  const before = lstatSync(file(person, "both"), { bigint: true }).ctimeNs;
  const { argv, env } = person.command(["refresh", "s"]);
  const [program, ...rest] = argv;
  const started = performance.now();
  ok(person, "refresh", "s");
  const whole = performance.now() - started;
  for (let round = 1; round <= 5; round += 1) {
    const child = spawn(program, rest, { cwd: person.project, env, stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), whole * (0.5 + round / 9));
    await once(child, "exit");
    clearTimeout(timer);
    assert.deepEqual(conflictsOf(person), ["both"], `round ${round}`);
  }
  exec(person, "sed -i 's/line 15/more/' both");
  assert.deepEqual(conflictsOf(person), ["both"]);
  assert.equal(lstatSync(file(person, "both"), { bigint: true }).ctimeNs, before);
});

test("says what it found to a person, and records it", () => {
  using person = openPerson(KINDS[0]);
  openEdited(person);
  const said = ok(person, "refresh", "s");
  assert.match(said, /newly visible to its next task:\n {2}fresh\n {2}only\n/);
  assert.match(said, /no longer pending, you have the same:\n {2}same\n/);
  assert.match(
    said,
    /in conflict until you decide:\n {2}both: changed on the host: has other content; the task changed its content\n/,
  );
  assert.match(
    said,
    /--merge; --markers too where both changed one place\), or take the task's \(--theirs PATH\), or keep yours/,
  );
  const log = readFileSync(path.join(person.stateHome, "audit", "log.jsonl"), "utf8");
  assert.match(log, /"event":"session.refreshed".*"revision":2/);
});
