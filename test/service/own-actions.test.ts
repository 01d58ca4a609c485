import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";
import { startService, toRunRequest } from "../support/service.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const TOKENS = { ann: "a".repeat(40), agent: "b".repeat(40), other: "d".repeat(40) };

test("a token to submit is for what it began: not for another's actions, sessions and commits", async () => {
  using person = openPerson(KIND);
  const { ann, agent, other } = TOKENS;
  person.make({ "../tokens": `ann all ${ann}\nagent submit ${agent}\nother submit ${other}\n` });
  const file = path.join(person.home, "tokens");
  chmodSync(file, 0o600);
  const listen = ["--listen", "127.0.0.1:0", "--token-file", file];
  await using service = await startService(person, listen);
  const send = async (token: string, method: string, target: string, body?: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(service.url + target, { method, headers, ...sent });
    // biome-ignore lint/suspicious/noExplicitAny: the test looks into what the service answered
    const said: any = await answer.json();
    return { status: answer.status, said };
  };
  const submit = (token: string, request: object) =>
    send(token, "POST", "/v1/actions", "request" in request ? request : { request });
  const end = async (token: string, request: object) => {
    const { status, said } = await submit(token, request);
    assert.equal(status, 202, JSON.stringify(said));
    return (await send(token, "GET", `/v1/actions/${said.action}?wait=true`)).said;
  };
  const cwd = person.project;
  const { session } = await end(TOKENS.agent, toRunRequest(person, "echo a > a"));
  const exec = { kind: "exec", cwd, path: "/usr/bin:/bin", session, command: ["true"], env: [] };
  const commit = { kind: "commit", cwd, session, paths: ["a"], reviewed: false, merge: "no" };
  const discard = { kind: "discard", cwd, session };
  for (const request of [exec, commit, discard, { ...discard, session: "latest" }]) {
    const refused = await submit(TOKENS.other, request);
    assert.equal(refused.status, 403, JSON.stringify(request));
    assert.match(JSON.stringify(refused.said), /begun by somebody else/);
  }
  const waits = await submit(TOKENS.agent, toRunRequest(person, "sleep 60"));
  const action = `/v1/actions/${waits.said.action}`;
  assert.equal((await send(TOKENS.other, "DELETE", action)).status, 403);
  assert.equal((await send(TOKENS.agent, "DELETE", action)).status, 202, "control: its own");
  const second = await submit(TOKENS.agent, toRunRequest(person, "sleep 60"));
  const cancelled = await send(TOKENS.ann, "DELETE", `/v1/actions/${second.said.action}`);
  assert.equal(cancelled.status, 202, "control: the role all may");
  assert.equal((await end(TOKENS.agent, exec)).result.exit, 0, "control: its own");
  assert.equal(person.sandbox(["commit", session, "--yes"]).status, 0);
  const rollback = { kind: "rollback", cwd, commit: "latest", paths: [] };
  assert.equal((await submit(TOKENS.other, rollback)).status, 403);
  assert.equal((await end(TOKENS.agent, rollback)).result.exit, 0, "control: its own");
  const own = person.sandboxJson(["run", "--", "sh", "-c", "echo b > b"]).json.session;
  assert.equal((await submit(TOKENS.agent, { ...discard, session: own })).status, 403);
  assert.equal((await end(TOKENS.ann, { ...discard, session: own })).result.exit, 0, "control");
});
