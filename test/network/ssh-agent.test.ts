import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, describe, test } from "node:test";
import {
  EXTENSION,
  FAILURE,
  readIdentities,
  REQUEST_IDENTITIES,
  SESSION_BIND,
  SIGN_REQUEST,
  SIGN_RESPONSE,
  SUCCESS,
  toFrame,
} from "../../src/network/agent/agent-protocol.js";
import { isSignedBy } from "../../src/network/agent/host-key.js";
import { toUint32, toWireString } from "../../src/network/agent/wire.js";
import { makeSshKey, startSshAgent } from "../support/ssh-agent.js";
import {
  allow,
  type Client,
  type Host,
  makeHost,
  openCase,
  session,
  toBind,
  toLogin,
  toSign,
} from "./ssh-agent-case.js";

const dir = mkdtempSync(path.join(tmpdir(), "sbx-agent-"));
after(() => rmSync(dir, { recursive: true, force: true }));

/** The filter is in this process: nothing may wait for a client of its but the event loop. */
async function exitOf(child: ChildProcess): Promise<unknown> {
  return (await once(child, "close"))[0];
}

describe("an ssh agent behind the filter", () => {
  const first = makeSshKey(path.join(dir, "first"));
  const second = makeSshKey(path.join(dir, "second"));
  const agent = startSshAgent(dir, [first, second]);
  after(() => agent[Symbol.dispose]());

  const opened = (host: Host, rule = allow(), decision?: "allow" | "deny") =>
    openCase(dir, agent.socket, [{ rule, hostKeys: [host.blob] }], decision);

  test("signs a login at a host that has proved itself, by one of its keys, and says so first", async () => {
    const host = makeHost();
    await using one = await opened(host);
    using client = await one.connect();
    const sessionId = session();
    assert.equal(await client.type(toBind(host, sessionId)), SUCCESS);
    const data = toLogin({ sessionId, key: first.blob });
    const answer = (await client.ask(toSign(first.blob, data))) ?? Buffer.alloc(1);
    assert.equal(answer[0], SIGN_RESPONSE);
    const signature = answer.subarray(5);
    assert.ok(isSignedBy(first.blob, data, signature), "the agent's own signature");
    const hidden = toLogin({ sessionId, key: first.blob, user: "g\u001bit" });
    assert.equal(await client.type(toSign(first.blob, hidden)), FAILURE, "no log could show it");
    const bound = toLogin({ sessionId, key: second.blob, hostKey: host.blob });
    assert.equal(await client.type(toSign(second.blob, bound)), SIGN_RESPONSE);
    assert.deepEqual(
      one.decided.map(({ host: name, user, key }) => [name, user, key]),
      [
        ["git.test", "git", first.fingerprint],
        ["git.test", "git", second.fingerprint],
      ],
    );
    assert.deepEqual(one.refused, ["a signature of something else than a login"]);
  });

  test("signs nothing else: no other session, host, key, user, service or text", async () => {
    const [host, other] = [makeHost(), makeHost()];
    await using one = await opened(host, allow({ keys: [first.fingerprint], users: ["git"] }));
    using client = await one.connect();
    const sessionId = session();
    const key = first.blob;
    const good = toLogin({ sessionId, key });
    assert.equal(await client.type(toSign(key, good)), FAILURE, "before it is known for whom");
    assert.equal(await client.type(toBind(host, sessionId)), SUCCESS);
    const sshsig = Buffer.concat([
      Buffer.from("SSHSIG"),
      ...["git", "", "sha512", randomBytes(64)].map(toWireString),
    ]);
    const bad: Readonly<Record<string, Buffer>> = {
      "a blob of anything": toSign(key, randomBytes(64)),
      "a signature of a file or a commit": toSign(key, sshsig),
      "an empty text": toSign(key, Buffer.alloc(0)),
      "another session": toSign(key, toLogin({ sessionId: session(), key })),
      "another host's key": toSign(key, toLogin({ sessionId, key, hostKey: other.blob })),
      "another user": toSign(key, toLogin({ sessionId, key, user: "root" })),
      "a user that no log can show": toSign(key, toLogin({ sessionId, key, user: "g\u001bit" })),
      "another service": toSign(key, toLogin({ sessionId, key, service: "ssh-userauth" })),
      "another message than a login's": toSign(key, toLogin({ sessionId, key, message: 51 })),
      "another method": toSign(key, toLogin({ sessionId, key, method: "hostbased" })),
      "more behind it": toSign(key, toLogin({ sessionId, key }, Buffer.from([0]))),
      "another key": toSign(second.blob, toLogin({ sessionId, key: second.blob })),
      "another key than the login's": toSign(key, toLogin({ sessionId, key: second.blob })),
      "an unknown kind": toSign(key, good, 1),
      "half a request": toFrame(SIGN_REQUEST, toWireString(key), toWireString(good)),
    };
    for (const [what, frame] of Object.entries(bad))
      assert.equal(await client.type(frame), FAILURE, what);
    assert.deepEqual(one.decided, [], "nobody was even asked");
    assert.equal(one.refused.length, Object.keys(bad).length + 1);
    assert.equal(await client.type(toSign(key, good)), SIGN_RESPONSE, "control");
  });

  test("a man in the middle, a forwarded agent and a second session get nothing", async () => {
    const [host, other] = [makeHost(), makeHost()];
    await using one = await opened(host);
    const sessionId = session();
    const key = first.blob;
    const spoil: Readonly<Record<string, readonly Buffer[]>> = {
      "a host key that nobody knows": [toBind(other, sessionId)],
      "no proof": [toBind(host, sessionId, { proof: other.prove(sessionId) })],
      "a proof of another session": [toBind(host, sessionId, { proof: host.prove(session()) })],
      "a forwarded agent": [toBind(host, sessionId, { forwarded: true })],
      "a second session": [toBind(host, sessionId), toBind(host, session())],
      "a second forwarding": [
        toBind(host, sessionId),
        toBind(host, sessionId, { forwarded: true }),
      ],
      "half a bind": [toFrame(EXTENSION, toWireString(SESSION_BIND), toWireString(host.blob))],
    };
    for (const [what, binds] of Object.entries(spoil)) {
      using client = await one.connect();
      for (const bind of binds.slice(0, -1)) assert.equal(await client.type(bind), SUCCESS, what);
      assert.equal(await client.type(binds.at(-1) ?? Buffer.alloc(0)), FAILURE, what);
      const login = toSign(key, toLogin({ sessionId, key }));
      assert.equal(await client.type(login), FAILURE, `${what}: then nothing is signed`);
      assert.equal(await client.type(toBind(host, sessionId)), FAILURE, `${what}: nor mended`);
    }
    assert.deepEqual(one.decided, []);
    using client = await one.connect();
    assert.equal(await client.type(toBind(host, sessionId)), SUCCESS, "control");
    assert.equal(await client.type(toSign(key, toLogin({ sessionId, key }))), SIGN_RESPONSE);
  });

  test("lists the keys that a rule names, without their comments, and passes on nothing else", async () => {
    const host = makeHost();
    await using one = await opened(host, allow({ keys: [second.fingerprint] }));
    using client = await one.connect();
    const list = async () => {
      const answer = await client.ask(toFrame(REQUEST_IDENTITIES));
      return readIdentities(answer ?? Buffer.alloc(0));
    };
    assert.deepEqual(await list(), [{ blob: second.blob, comment: Buffer.alloc(0) }]);
    // Add, add constrained, remove, remove all, lock, unlock, token keys; SSH 1; numbers that mean nothing.
    for (const type of [17, 25, 18, 19, 22, 23, 20, 21, 26, 1, 3, 7, 9, 12, 0, 255])
      assert.equal(await client.type(toFrame(type, toWireString("x"))), FAILURE, `${type}`);
    const id = session();
    const parts = ["other-bind@openssh.com", host.blob, id, host.prove(id)].map(toWireString);
    const other = toFrame(EXTENSION, ...parts, Buffer.from([0]));
    assert.equal(await client.type(other), FAILURE, "an extension that looks the same");
    const query = toFrame(EXTENSION, toWireString("query"));
    assert.equal(await client.type(query), FAILURE, "nor any other");
    const env = { ...process.env, SSH_AUTH_SOCK: one.socket };
    const key = makeSshKey(path.join(dir, "third"));
    for (const words of [[key.file], ["-D"], ["-d", second.file]])
      assert.notEqual(await exitOf(spawn("ssh-add", words, { env, stdio: "ignore" })), 0);
    const real = { ...process.env, SSH_AUTH_SOCK: agent.socket };
    const listed = execFileSync("ssh-add", ["-l"], { env: real, encoding: "utf8" });
    assert.equal(listed.trim().split("\n").length, 2, "all that were there, no more");
    assert.deepEqual(await list(), [{ blob: second.blob, comment: Buffer.alloc(0) }], "control");
  });

  test("what is denied is not signed, and a message that is too large ends the connection", async () => {
    const host = makeHost();
    await using one = await opened(host, allow(), "deny");
    using client = await one.connect();
    const sessionId = session();
    assert.equal(await client.type(toBind(host, sessionId)), SUCCESS);
    const data = toLogin({ sessionId, key: first.blob });
    assert.equal(await client.type(toSign(first.blob, data)), FAILURE);
    assert.equal(one.decided.length, 1);
    using large = await one.connect();
    assert.equal(await large.ask(toUint32(256 * 1024 + 1)), undefined);
    using huge = await one.connect();
    assert.equal(await huge.ask(Buffer.from("ffffffff", "hex")), undefined);
    using empty = await one.connect();
    assert.equal(await empty.ask(toUint32(0)), undefined);
    using flood = await one.connect();
    const list = Buffer.concat(Array.from({ length: 1000 }, () => toFrame(200)));
    await flood.ask(list);
    using last = await one.connect();
    const largest = toFrame(SIGN_REQUEST, Buffer.alloc(256 * 1024 - 1));
    assert.equal(await last.type(largest), FAILURE, "control: as large as it may be");
  });

  test("more connections than a task needs are closed, and room comes back", async () => {
    await using one = await opened(makeHost());
    const clients: Client[] = [];
    for (let at = 0; at < 32; at++) {
      const client = await one.connect();
      clients.push(client);
      assert.notEqual(await client.type(toFrame(REQUEST_IDENTITIES)), undefined);
    }
    using more = await one.connect();
    assert.equal(await more.ask(toFrame(REQUEST_IDENTITIES)), undefined);
    for (const client of clients) client[Symbol.dispose]();
    let answer: number | undefined;
    while (answer === undefined) {
      using client = await one.connect();
      answer = await client.type(toFrame(REQUEST_IDENTITIES));
    }
  });
});
