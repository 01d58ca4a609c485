import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import { openHttpServer } from "../support/http-server.js";
import { openPerson, type Person } from "../support/person.js";

/** What became of every question, as it is written down: no command looks first. */
function readStates(person: Person): readonly unknown[] {
  const ledger = new Database(path.join(person.stateHome, "ledger.db"));
  const rows = ledger.prepare("SELECT kind, state FROM approvals ORDER BY rowid").all();
  ledger.close();
  return rows.map((row) => Object.values(row as object).join(" "));
}

test("what a task waited for is asked no longer when it has ended, also by SIGKILL", async () => {
  using person = openPerson("plain user");
  using server = await openHttpServer();
  const place = `localhost:${server.port}`;
  person.make({
    "../sends.yaml": `version: 1\nnetwork: {mode: allowlist, allow: ["${place}"]}\nbudgets: {send: {requests: 1, per: run, over: hold}}\n`,
  });
  const ask = `curl -sS --noproxy '' http://${place}/1; curl -sS -m 1 --noproxy '' http://${place}/2; echo x > made`;
  const run = ["run", "--profile", "../sends.yaml", "--name", "s", "--", "sh", "-c"];
  const ran = person.sandbox([...run, ask]);
  assert.match(ran.stderr, /a request waits/);
  assert.deepEqual(readStates(person), ["send expired"]);
  // A question about what it left is another thing.
  assert.equal(person.sandbox(["commit", "s"]).status, 4);
  const [left, ...others] = person.sandboxJson(["approvals"]).json.approvals;
  assert.deepEqual([left.kind, left.state, others], ["commit", "waiting", []]);
  assert.equal(person.sandbox(["discard", "s", "--json"]).status, 0);

  const { argv, env } = person.command([...run, `${ask.replace("-m 1", "-m 99")}`]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, {
    cwd: person.project,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (said.includes("a request waits")) break;
  }
  while (!readStates(person).includes("send waiting")) await delay(20);
  const waiting = person.sandboxJson(["approvals"]).json.approvals;
  assert.deepEqual(
    waiting.map(({ kind }: { kind: string }) => kind),
    ["send"],
    "control: it runs",
  );
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
  assert.equal(readStates(person).at(-1), "send expired");
  const late = person.sandbox(["approve", waiting[0].approval, "--yes"]);
  assert.equal(late.status, 4, late.stderr);
});
