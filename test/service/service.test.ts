import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { openPerson, type Person } from "../support/person.js";
import { outputOf, type RunningService, startService, toRunRequest } from "../support/service.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
/** What a task adds is committed without anybody being asked. */
const OPEN = "version: 1\nchanges:\n  - {match: '**', decision: allow}\n";

/** Waits until the action runs and its task has said `word`; its session. */
async function untilSaid(
  person: Person,
  service: RunningService,
  at: { readonly id: string; readonly word: string },
): Promise<string> {
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await service.call("GET", `/v1/actions/${at.id}`);
    const { session } = body;
    if (session !== undefined && existsSync(outputOf(person, session)))
      if (readFileSync(outputOf(person, session)).includes(at.word)) return session;
    await delay(25);
  }
  return assert.fail(`${at.id} never said ${at.word}`);
}

test("tasks and commits go through the service, and end as they would without it", async () => {
  using person = openPerson(KIND);
  await using service = await startService(person);
  assert.equal(statSync(service.socket).mode & 0o777, 0o600);
  const submitted = person.sandboxJson(["submit", "--", "sh", "-c", "echo hello > made; exit 7"]);
  OUTPUT_SCHEMAS.action.parse(submitted.json);
  const id = submitted.json.action;
  const waited = person.sandboxJson(["wait", id]);
  assert.equal(waited.status, 7, waited.stderr);
  assert.equal(waited.json.state, "done");
  const { session } = waited.json;
  const late = person.sandbox(["cancel", id]);
  assert.equal(late.status, 2);
  assert.match(late.stderr, new RegExp(`^sandbox: ${id} has ended \\(done\\)`));
  const odd = person.sandbox(["wait", "odd"]);
  assert.equal(odd.status, 6);
  assert.match(odd.stderr, /no action odd\n {2}hint: sandbox queue --all/);
  // Policy asks about it and nobody is there: as `sandbox commit`, it names the approval.
  const refused = person.sandbox(["submit", "--wait", "commit", session]);
  assert.equal(refused.status, 4, refused.stderr);
  const [approval = ""] = /a-[a-z2-7]{10}/.exec(refused.stdout) ?? [];
  const { body: shown } = await service.call("GET", `/v1/approvals/${approval}`);
  const answer = { answer: "approved", digest: shown.digest };
  const answered = await service.call("POST", `/v1/approvals/${approval}/answer`, answer);
  assert.equal(answered.body.state, "approved");
  assert.equal(answered.body.answers[0].by.uid, person.uid);
  const committed = person.sandboxJson(["submit", "--wait", "commit", session]);
  assert.equal(committed.status, 0, JSON.stringify(committed.json));
  assert.equal(readFileSync(path.join(person.project, "made"), "utf8"), "hello\n");
  const { commit } = committed.json.result;
  assert.equal(person.sandbox(["submit", "--wait", "rollback", commit]).status, 0);
  assert.equal(existsSync(path.join(person.project, "made")), false);
  const listed = person.sandboxJson(["queue", "--all"]).json;
  OUTPUT_SCHEMAS.queue.parse(listed);
  assert.deepEqual(
    listed.actions.map((one: { state: string }) => one.state),
    ["done", "failed", "done", "done"],
  );
  const metrics = await service.call("GET", "/metrics");
  assert.match(metrics.body, /^sandbox_actions\{state="done"\} 3$/m);
  const second = person.sandbox(["serve"]);
  assert.equal(second.status, 1);
  assert.match(second.stderr, /another service runs/);
  assert.equal(await service.stop("SIGTERM"), 0);
  assert.equal(existsSync(service.socket), false);
  const none = person.sandbox(["queue"]);
  assert.equal(none.status, 6);
  assert.match(none.stderr, /no service/);
});

test("SIGKILL of the service: what ran is interrupted and can be reviewed, what waited goes on, nothing twice", async () => {
  using person = openPerson(KIND);
  person.make({ "../open.yaml": OPEN });
  const profile = path.join(person.home, "open.yaml");
  const ids: string[] = [];
  const submit = async (service: RunningService, script: string): Promise<void> => {
    // Each wants the whole machine: one after the other.
    const more = { profile, cpus: "512", commit: "auto" };
    const { status, body } = await service.call(
      "POST",
      "/v1/actions",
      toRunRequest(person, script, more),
    );
    assert.equal(status, 202, JSON.stringify(body));
    ids.push(body.action);
  };
  const first = await startService(person);
  await submit(first, "echo a >> a; echo begun; sleep 1000");
  for (const name of ["b", "c"]) await submit(first, `echo ${name} >> ${name}`);
  const session = await untilSaid(person, first, { id: ids[0] ?? "", word: "begun" });
  await first.stop("SIGKILL");
  assert.equal(existsSync(first.socket), true, "control: it left its socket");
  await using second = await startService(person);
  for (const id of ids.slice(1)) {
    const { body } = await second.call("GET", `/v1/actions/${id}?wait=true`);
    assert.deepEqual([body.state, body.result.exit], ["done", 0], JSON.stringify(body));
  }
  const { body: lost } = await second.call("GET", `/v1/actions/${ids[0]}`);
  assert.deepEqual([lost.state, lost.session], ["interrupted", session]);
  const files = ["a", "b", "c"].map((name) => path.join(person.project, name));
  assert.deepEqual(
    files.map((file) => existsSync(file) && readFileSync(file, "utf8")),
    [false, "b\n", "c\n"],
  );
  const { sessions } = person.sandboxJson(["ls"]).json;
  assert.equal(sessions.length, 3);
  const diff = person.sandboxJson(["diff", session]);
  assert.deepEqual(
    diff.json.changes.map((change: { path: string }) => change.path),
    ["a"],
  );
});

test("a cancelled task ends, SIGTERM lets go of what runs, and what it did is kept", async () => {
  using person = openPerson(KIND);
  const service = await startService(person, ["--grace", "100ms"]);
  const script = "echo begun; echo x > kept; exec sleep 1000";
  const submit = async (): Promise<string> => {
    const { body } = await service.call("POST", "/v1/actions", toRunRequest(person, script));
    return body.action;
  };
  const cancelled = await submit();
  await untilSaid(person, service, { id: cancelled, word: "begun" });
  assert.match(person.sandbox(["cancel", cancelled]).stdout, /was told to end; sandbox wait q-/);
  const { body } = await service.call("GET", `/v1/actions/${cancelled}?wait=true`);
  assert.equal(body.state, "cancelled");
  const left = await submit();
  const session = await untilSaid(person, service, { id: left, word: "begun" });
  assert.equal(await service.stop("SIGTERM"), 0);
  await using next = await startService(person);
  const { body: after } = await next.call("GET", `/v1/actions/${left}`);
  assert.deepEqual([after.state, after.session], ["interrupted", session]);
  assert.equal(person.sandboxJson(["diff", session]).json.changes[0].path, "kept");
  const log = readFileSync(path.join(person.stateHome, "service/service.log"), "utf8");
  for (const line of log.trim().split("\n")) JSON.parse(line);
  assert.match(log, new RegExp(`"message":"${cancelled} cancelled"`));
});

test("what is no socket of ours is left alone", async () => {
  using person = openPerson(KIND);
  const file = path.join(person.project, "notes");
  writeFileSync(file, "mine");
  const refused = person.sandbox(["serve", "--socket", file]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /is no socket/);
  assert.equal(readFileSync(file, "utf8"), "mine");
  const long = person.sandbox(["serve", "--socket", path.join(person.project, "x".repeat(120))]);
  assert.equal(long.status, 2);
  assert.equal(person.sandbox(["serve", "--listen", "127.0.0.1:0"]).status, 2);
});
