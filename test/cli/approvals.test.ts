import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

/** A session that changed something about which policy asks. */
function runTask(person: Person, script: string): string {
  const { status, json } = person.sandboxJson(["run", "--", "sh", "-c", script]);
  assert.equal(status, 0);
  return json.session;
}

/** The id in "sandbox approve a-…". */
function readId(stderr: string): string {
  const [, id] = /sandbox approve (a-[a-z2-7]{10})/.exec(stderr) ?? [];
  assert.ok(id !== undefined, stderr);
  return id;
}

for (const kind of KINDS)
  test(`as ${kind}: a commit without a terminal asks, and goes through once it is approved`, () => {
    using person = openPerson(kind);
    person.make({ keep: "k\n" });
    const session = runTask(person, "echo new > made; printf 'x\\033[2Jy\\n' > keep");
    const first = person.sandbox(["commit", session]);
    assert.equal(first.status, 4);
    const id = readId(first.stderr);
    assert.equal(readId(person.sandbox(["commit", session]).stderr), id);
    const listed = person.sandboxJson(["approvals"]).json;
    OUTPUT_SCHEMAS.approvals.parse(listed);
    assert.deepEqual(
      listed.approvals.map((one: { approval: string }) => one.approval),
      [id],
    );
    const { json: shown } = person.sandboxJson(["approvals", "show", id]);
    OUTPUT_SCHEMAS.approval.parse(shown);
    assert.match(shown.preview, /\+ made/);
    assert.match(shown.preview, /\+new/);
    const text = person.sandbox(["approvals", "show", id.slice(0, 8)]).stdout;
    assert.equal(text.includes("\u001b"), false);
    assert.match(text, /^ {2}\| /m);
    const blind = person.sandbox(["approve", id]);
    assert.equal(blind.status, 4);
    assert.match(blind.stderr, /nobody is there to look at it/);
    assert.equal(person.sandbox(["approve", id, "--digest", "0".repeat(12)]).status, 5);
    assert.equal(person.sandbox(["commit", session]).status, 4);
    assert.equal(existsSync(path.join(person.project, "made")), false);
    const digest = shown.digest.slice(7, 19);
    const approved = person.sandboxJson(["approve", id, "--digest", digest, "--note", "seen"]);
    OUTPUT_SCHEMAS.answered.parse(approved.json);
    assert.equal(approved.json.approvals[0].answers[0].by.uid, person.uid);
    const done = person.sandbox(["commit", session]);
    assert.equal(done.status, 0, done.stderr);
    assert.equal(readFileSync(path.join(person.project, "made"), "utf8"), "new\n");
    const [settled] = person.sandboxJson(["approvals", "--all"]).json.approvals;
    assert.equal(settled.state, "approved");
    assert.ok(settled.usedAt !== undefined);
  });

test("what is asked about a session is over when that is discarded", () => {
  using person = openPerson(KINDS[0]);
  const session = runTask(person, "echo new > made");
  const id = readId(person.sandbox(["commit", session]).stderr);
  assert.equal(person.sandboxJson(["approvals"]).json.approvals.length, 1, "control");
  assert.equal(person.sandbox(["discard", session]).status, 0);
  assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
  const late = person.sandbox(["approve", id, "--yes"]);
  assert.equal(late.status, 4);
  assert.match(late.stderr, /has expired/);
});

test("an approval is for what was shown: another selection or another task asks anew", async () => {
  using person = openPerson(KINDS[0]);
  const session = runTask(person, "echo a > a; echo b > b");
  const id = readId(person.sandbox(["commit", session, "a"]).stderr);
  const approve = ["approve", id];
  const declined = await inTerminal(person, approve, [["[y/N]", "n\r"]]);
  assert.equal(declined.status, 4);
  const agreed = await inTerminal(person, approve, [["[y/N]", "y\r"]]);
  assert.equal(agreed.status, 0, agreed.text);
  assert.match(agreed.text, /\| .*\+ a/);
  assert.notEqual(readId(person.sandbox(["commit", session]).stderr), id);
  assert.equal(person.sandbox(["exec", session, "--", "sh", "-c", "echo more >> a"]).status, 0);
  assert.notEqual(readId(person.sandbox(["commit", session, "a"]).stderr), id);
  assert.equal(existsSync(path.join(person.project, "a")), false);
});

test("a denial holds, and says who gave it", () => {
  using person = openPerson(KINDS[0]);
  const session = runTask(person, "echo a > a");
  const id = readId(person.sandbox(["commit", session]).stderr);
  const denied = person.sandbox(["deny", "--session", session, "--note", "not now"]);
  assert.equal(denied.status, 0, denied.stderr);
  const again = person.sandbox(["commit", session]);
  assert.equal(again.status, 4);
  assert.match(again.stderr, new RegExp(`${id} was denied by .*not now`));
  assert.equal(person.sandbox(["approve", id, "--yes"]).status, 2);
  assert.equal(person.sandbox(["approve", "a-aaaaaaaaaa", "--yes"]).status, 6);
  assert.equal(person.sandbox(["approve"]).status, 2);
  assert.equal(person.sandbox(["commit", session, "--yes"]).status, 0);
});

test("what runs later is approved only by whoever has seen its digest", () => {
  using person = openPerson(KINDS[0]);
  person.make({ Makefile: "all:\n" });
  const session = runTask(person, "printf 'all:\\n\\ttouch /tmp/x\\n' > Makefile");
  const id = readId(person.sandbox(["commit", session]).stderr);
  const blind = person.sandbox(["approve", id, "--yes"]);
  assert.equal(blind.status, 4);
  assert.match(blind.stderr, /runs later/);
  assert.equal(person.sandbox(["approve", "--group", "runs-later", "--yes"]).status, 4);
  const { digest, preview } = person.sandboxJson(["approvals", "show", id]).json;
  assert.match(preview, /RUNS LATER on this host: "Makefile"/);
  assert.equal(person.sandbox(["approve", id, "--digest", digest]).status, 0);
  assert.equal(person.sandbox(["commit", session]).status, 0);
  assert.match(readFileSync(path.join(person.project, "Makefile"), "utf8"), /touch/);
});

/** Runs the program while this process answers it. */
async function runAsync(person: Person, args: readonly string[]) {
  const { argv, env } = person.command(args);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { cwd: person.project, env, stdio: ["ignore", "pipe", "pipe"] });
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { stderr, status };
}

test("the webhook and the command of the person's own configuration are told of a new question", async () => {
  using person = openPerson("root");
  const told: { body: string; signature: string }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      told.push({ body, signature: String(request.headers["x-sandbox-signature-256"]) });
      // The first attempt fails in a way that may pass.
      response.writeHead(told.length === 1 ? 503 : 204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const config = path.join(person.home, ".config", "sandbox");
  mkdirSync(config, { recursive: true });
  const secret = path.join(config, "secret");
  writeFileSync(secret, "s3cret\n", { mode: 0o600 });
  const log = path.join(person.home, "told");
  const file = path.join(config, "config.yaml");
  writeFileSync(
    file,
    `version: 1\napprovals:\n  webhook: http://127.0.0.1:${port}/hook\n  webhook_secret_file: ${secret}\n  command: [tee, "${log}"]\n`,
  );
  const session = runTask(person, "echo a > a");
  const asked = await runAsync(person, ["commit", session]);
  assert.equal(asked.status, 4);
  const id = readId(asked.stderr);
  assert.equal(told.length, 2);
  const [, { body, signature } = { body: "", signature: "" }] = told;
  assert.equal(signature, `sha256=${createHmac("sha256", "s3cret").update(body).digest("hex")}`);
  assert.equal(JSON.parse(body).approval, id);
  assert.equal(JSON.parse(readFileSync(log, "utf8")).approval, id);
  // Asked again, nobody is told again.
  assert.equal((await runAsync(person, ["commit", session])).status, 4);
  assert.equal(told.length, 2);
  server.close();
  // Nobody answers: the question waits all the same, and that is said.
  const other = runTask(person, "echo b > b");
  const failed = await runAsync(person, ["commit", other]);
  assert.match(failed.stderr, /a hook failed/);
  readId(failed.stderr);
  chmodSync(file, 0o666);
  const third = runTask(person, "echo c > c");
  const refused = await runAsync(person, ["commit", third]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /somebody else can write it/);
});

test("hooks get a command without its secrets, whoever reviews it sees it whole", () => {
  using person = openPerson("plain user");
  const log = path.join(person.home, "told");
  person.make({
    "../.config/sandbox/config.yaml": `version: 1\napprovals: {command: [tee, "${log}"]}\n`,
    "../asks.yaml": "version: 1\ncommands: {default: ask}\n",
  });
  const secret = "hunter2hunter2";
  const key = `ghp_${"x".repeat(30)}`;
  const command = ["echo", "--password", secret, `KEY=${key}`, "plain-word"];
  const profile = ["--profile", path.join(person.home, "asks.yaml")];
  const asked = person.sandbox(["run", ...profile, "--", ...command]);
  assert.equal(asked.status, 4);
  const { preview } = person.sandboxJson(["approvals", "show", readId(asked.stderr)]).json;
  assert.ok(preview.includes(secret) && preview.includes(key), "control");
  const told = readFileSync(log, "utf8");
  assert.match(told, /plain-word/, "control");
  assert.equal(told.includes(secret) || told.includes(key), false, told);
  assert.match(JSON.parse(told).preview, /"--password",\n +"\[masked\]"/);
});

test("where the person's configuration asks for two reviewers, one alone does not do", () => {
  using person = openPerson("plain user");
  person.make({ keep: "k\n" });
  const alone = runTask(person, "echo new > alone");
  const yes = (id: string) => person.sandbox(["approve", id, "--yes"]).stdout;
  const commit = (session: string) => person.sandbox(["commit", session]);
  assert.match(yes(readId(commit(alone).stderr)), / approved: /);
  assert.equal(commit(alone).status, 0, "control");
  person.make({ "../.config/sandbox/config.yaml": "version: 1\napprovals: {require: 2}\n" });
  const session = runTask(person, "echo new > made");
  const id = readId(commit(session).stderr);
  assert.match(yes(id), / waiting \(1 of 2 reviewers\): /);
  assert.equal(commit(session).status, 4);
  assert.equal(existsSync(path.join(person.project, "made")), false);
});
