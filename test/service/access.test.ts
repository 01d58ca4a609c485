import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { text } from "node:stream/consumers";
import { toDigest } from "../../src/core/ids.js";
import { sha256Hex } from "../../src/host/sha256.js";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { openPerson, type Person } from "../support/person.js";
import { openPlainUser } from "../support/plain-user.js";
import { type RunningService, startService, toRunRequest } from "../support/service.js";

const IS_ROOT = process.getuid?.() === 0;
const KIND = IS_ROOT ? "root" : "plain user";
const TOKENS = { ann: "a".repeat(40), agent: "b".repeat(40), bob: "c".repeat(40) };

/** A service that listens at TCP too; its tokens are for all, for asking, for answering. */
async function startOpen(person: Person): Promise<RunningService> {
  const file = path.join(person.home, "tokens");
  const lines = [
    `ann all ${TOKENS.ann}`,
    `agent submit ${TOKENS.agent}`,
    `bob review ${TOKENS.bob}`,
  ];
  person.make({ "../tokens": `# names, roles, tokens\n${lines.join("\n")}\n` });
  chmodSync(file, 0o644);
  const listen = ["--listen", "127.0.0.1:0", "--token-file", file];
  const refused = person.sandbox(["serve", ...listen]);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /others can read it/);
  chmodSync(file, 0o600);
  return await startService(person, listen);
}

/** The status line of one request, as it is written. */
async function sendRaw(url: string, lines: readonly string[], body = ""): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const head = [...lines, `Content-Length: ${body.length}`, "Connection: close", "", ""];
  socket.write(head.join("\r\n") + body);
  const answer = await text(socket);
  return answer.split("\r\n")[0]?.replace("HTTP/1.1 ", "") ?? "";
}

test("over TCP only whoever has the right token is served, and no page of the web", async () => {
  using person = openPerson(KIND);
  await using service = await startOpen(person);
  const { host } = new URL(service.url);
  const get = (...more: readonly string[]) =>
    sendRaw(service.url, ["GET /v1/actions HTTP/1.1", ...more]);
  const right = `Authorization: Bearer ${TOKENS.ann}`;
  assert.equal(await get(`Host: ${host}`, right), "200 OK", "control");
  assert.equal(
    await get(`Host: LOCALHOST:${new URL(service.url).port}`, right),
    "200 OK",
    "control",
  );
  assert.equal(await get(`Host: ${host}`), "401 Unauthorized");
  assert.equal(await get(`Host: ${host}`, `${right}x`), "401 Unauthorized");
  assert.equal(await get(`Host: ${host}`, "Authorization: Basic YTph"), "401 Unauthorized");
  assert.equal(await get("Host: attacker.example", right), "421 Misdirected Request");
  assert.equal(await get(`Host: ${host}`, right, `Origin: http://${host}`), "403 Forbidden");
  assert.equal(await get(`Host: ${host}`, right, "Sec-Fetch-Site: same-origin"), "403 Forbidden");
  const health = await fetch(`${service.url}/healthz`);
  assert.deepEqual(await health.json(), { ok: true });
  assert.equal((await fetch(`${service.url}/metrics`)).status, 401);
});

test("a token is for what its role says, and a body for what is asked", async () => {
  using person = openPerson(KIND);
  await using service = await startOpen(person);
  const send = async (token: string, target: string, body: unknown, type = "application/json") => {
    const headers = { authorization: `Bearer ${token}`, "content-type": type };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(service.url + target, { method: "POST", headers, body: text });
    const said: unknown = await answer.json();
    return { status: answer.status, said };
  };
  const run = toRunRequest(person, "true");
  assert.equal((await send(TOKENS.bob, "/v1/actions", run)).status, 403);
  const accepted = await send(TOKENS.agent, "/v1/actions", run);
  assert.equal(accepted.status, 202, "control");
  assert.match(JSON.stringify(accepted.said), /"submitter":"token:agent"/);
  const answer = { answer: "approved", digest: `sha256:${"0".repeat(64)}` };
  assert.equal((await send(TOKENS.agent, "/v1/approvals/a-aaaaaaaaaa/answer", answer)).status, 403);
  assert.equal((await send(TOKENS.bob, "/v1/approvals/a-aaaaaaaaaa/answer", answer)).status, 404);
  const wrong = [
    "{",
    [],
    { request: { kind: "rm" } },
    { request: 1 },
    { ...run, priority: 11 },
    { ...run, more: 1 },
    { request: { ...Reflect.get(run, "request"), cwd: "relative" } },
    { request: { ...Reflect.get(run, "request"), command: [] } },
    { request: { ...Reflect.get(run, "request"), memory: "much" } },
  ];
  for (const body of wrong)
    assert.equal((await send(TOKENS.agent, "/v1/actions", body)).status, 400, JSON.stringify(body));
  assert.equal((await send(TOKENS.agent, "/v1/actions", run, "text/plain")).status, 400);
  const long = { ...run, more: "x".repeat(2 << 20) };
  assert.equal(
    (await send(TOKENS.agent, "/v1/actions", long).catch(() => ({ status: 400 }))).status,
    400,
  );
  assert.equal((await send(TOKENS.agent, "/v1/nothing", run)).status, 404);
});

test("values of a task's variables are told to nobody who asks the service", async () => {
  using person = openPerson(KIND);
  await using service = await startOpen(person);
  const headers = { authorization: `Bearer ${TOKENS.bob}` };
  const get = async (target: string) =>
    await (await fetch(service.url + target, { headers })).text();
  const events = await fetch(`${service.url}/v1/events`, { headers });
  const run = toRunRequest(person, "test $A_KEY = value-of-it", { env: ["A_KEY=value-of-it"] });
  const { body } = await service.call("POST", "/v1/actions", run);
  const ended = await get(`/v1/actions/${body.action}?wait=true`);
  assert.match(ended, /"exit":0/, "control: the task has it");
  const { session } = JSON.parse(ended);
  const told = [JSON.stringify(body), ended, await get("/v1/actions?all=true")];
  told.push(await get(`/v1/sessions/${session}`));
  for (const text of told) assert.match(text, /A_KEY/);
  await service.stop("SIGTERM");
  told.push(await events.text());
  assert.match(told.at(-1) ?? "", /event: action/);
  for (const text of told)
    assert.equal(
      text.replaceAll("test $A_KEY = value-of-it", "").includes("value-of-it"),
      false,
      text,
    );
});

test("two reviewers: the owner in the ledger and another user with a token of their own", async (t) => {
  if (!IS_ROOT) return t.skip("needs a second user, whom only root can make");
  using person = openPerson("root");
  using bob = openPerson("plain user");
  await using service = await startOpen(person);
  using ledger = openLedger(person.stateHome);
  const digest = toDigest(sha256Hex("x"));
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const { approval } = ledger.approvals.ask({
    ...{ kind: "send", digest, subject: "send it", preview: "to x", require: 2, expiresAt },
  }).approval;
  const first = person.sandboxJson(["approve", approval, "--yes"]);
  assert.equal(first.json.approvals[0].state, "waiting");
  bob.make({ token: `${TOKENS.bob}\n` });
  chmodSync(path.join(bob.project, "token"), 0o600);
  const remote = ["--connect", service.url, "--token-file", "token"];
  const seen = bob.sandboxJson(["approvals", ...remote]).json;
  assert.equal(seen.approvals[0].approval, approval);
  const stale = bob.sandbox(["approve", approval, "--digest", "0".repeat(16), ...remote]);
  assert.equal(stale.status, 5, stale.stderr);
  const second = bob.sandboxJson(["approve", approval, "--digest", digest, ...remote]);
  assert.equal(second.status, 0, second.stderr);
  assert.equal(second.json.approvals[0].state, "approved");
  assert.deepEqual(
    second.json.approvals[0].answers.map((one: { by: object }) => one.by),
    [
      { kind: "user", uid: 0, name: "root" },
      { kind: "token", name: "bob" },
    ],
  );
});

test("the socket serves its owner and root, and nobody else, whatever its mode", async (t) => {
  if (!IS_ROOT) return t.skip("needs a second user, whom only root can make");
  using person = openPerson("plain user");
  await using service = await startService(person);
  const { status, body } = await service.call("GET", "/v1/actions");
  assert.deepEqual([status, body.actions], [200, []], "control: root");
  assert.equal(person.sandbox(["queue"]).status, 0, "control: the owner");
  using other = openPlainUser();
  const ask = ["curl", "-s", "--unix-socket", service.socket, "http://localhost/v1/actions"];
  chmodSync(path.dirname(service.socket), 0o755);
  chmodSync(person.stateHome, 0o755);
  assert.notEqual(other.run(ask).status, 0, "its mode is 0600");
  chmodSync(service.socket, 0o666);
  assert.match(other.run(ask).stdout, /bearer token is needed/);
  const home = path.join(other.home, "state");
  const own = { SANDBOX_HOME: home };
  const program = person.command(["queue", "--socket", service.socket]).argv.slice(-5);
  const refused = other.run(program, { env: own });
  assert.equal(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /is the socket of user/);
});

test("an event is told to whoever listens", async () => {
  using person = openPerson(KIND);
  await using service = await startOpen(person);
  const stop = new AbortController();
  const headers = { authorization: `Bearer ${TOKENS.ann}` };
  const stream = await fetch(`${service.url}/v1/events`, { headers, signal: stop.signal });
  assert.match(stream.headers.get("content-type") ?? "", /text\/event-stream/);
  await service.call("POST", "/v1/actions", toRunRequest(person, "exit 3"));
  let seen = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream.body ?? []) {
    seen += decoder.decode(chunk, { stream: true });
    if (seen.includes('"state":"done"')) break;
  }
  assert.match(seen, /event: action\ndata: .*"state":"queued"/);
  assert.match(seen, /"exit":3/);
  stop.abort();
});

test("a configuration or token that others could have written is refused", () => {
  using person = openPerson(KIND);
  const file = path.join(person.home, "tokens");
  person.make({ "../tokens": `ann all short\n` });
  chmodSync(file, 0o600);
  const serve = ["serve", "--listen", "127.0.0.1:0", "--token-file", file];
  assert.match(person.sandbox(serve).stderr, /at least 32 characters/);
  writeFileSync(file, `ann everything ${TOKENS.ann}\n`);
  assert.match(person.sandbox(serve).stderr, /not NAME ROLE TOKEN/);
  chmodSync(file, 0o620);
  assert.match(person.sandbox(serve).stderr, /somebody else can write it/);
});
