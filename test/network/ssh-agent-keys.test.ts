import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import {
  FAILURE,
  readIdentities,
  REQUEST_IDENTITIES,
  SIGN_RESPONSE,
  SUCCESS,
  toFrame,
} from "../../src/network/agent/agent-protocol.js";
import { makeSshKey, type SshKey, startSshAgent } from "../support/ssh-agent.js";
import { allow, makeHost, openCase, session, toBind, toLogin, toSign } from "./ssh-agent-case.js";

const dir = mkdtempSync(path.join(tmpdir(), "sbx-agent-keys-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const first = makeSshKey(path.join(dir, "first"));

test("a key that the agent does not have is refused before anybody is asked, and what it does not sign is told of", async () => {
  const host = makeHost();
  const place = mkdtempSync(path.join(dir, "confirmed-"));
  const [stranger, confirmed] = ["stranger", "confirmed"].map((name) =>
    makeSshKey(path.join(place, name)),
  ) as [SshKey, SshKey];
  using real = startSshAgent(place, [first]);
  // It asks a person, and there is none.
  const env = { ...process.env, SSH_AUTH_SOCK: real.socket };
  execFileSync("ssh-add", ["-q", "-c", confirmed.file], { env, stdio: "ignore" });
  await using one = await openCase(dir, real.socket, [{ rule: allow(), hostKeys: [host.blob] }]);
  using client = await one.connect();
  const sessionId = session();
  assert.equal(await client.type(toBind(host, sessionId)), SUCCESS);
  const ask = ({ blob: key }: SshKey) => client.type(toSign(key, toLogin({ sessionId, key })));
  assert.equal(await ask(stranger), FAILURE);
  assert.deepEqual(one.decided, []);
  assert.match(one.refused.join(), /^a login with SHA256:\S+, which the agent .* not have$/);
  assert.equal(await ask(first), SIGN_RESPONSE, "control");
  assert.deepEqual(one.failed, []);
  assert.equal(await ask(confirmed), FAILURE);
  assert.equal(one.decided.length, 2);
  assert.deepEqual(one.failed, ["git: the agent of this host did not sign"]);
});

test("RSA signs with SHA-2 alone, each key by the algorithm that the login names, and certificates do not", async () => {
  const host = makeHost();
  const place = mkdtempSync(path.join(dir, "kinds-"));
  const at = (name: string): string => path.join(place, name);
  const [rsa, plain] = [makeSshKey(at("rsa"), "rsa"), makeSshKey(at("plain"))];
  const words = ["-q", "-s", first.file, "-I", "id", "-n", "git", `${plain.file}.pub`];
  execFileSync("ssh-keygen", words, { stdio: "ignore" });
  const [certType = "", encoded = ""] = readFileSync(at("plain-cert.pub"), "utf8").split(" ");
  const cert = Buffer.from(encoded, "base64");
  using real = startSshAgent(place, [rsa, plain]);
  await using one = await openCase(dir, real.socket, [{ rule: allow(), hostKeys: [host.blob] }]);
  using client = await one.connect();
  const sessionId = session();
  assert.equal(await client.type(toBind(host, sessionId)), SUCCESS);
  const ask = (key: Buffer, algorithm: string, flags: number) =>
    client.type(toSign(key, toLogin({ sessionId, key, algorithm }), flags));
  for (const [key, algorithm, flags] of [
    ...([0, 2, 4, 6] as const).map((flag) => [rsa.blob, "ssh-rsa", flag] as const),
    ...([0, 4, 6] as const).map((flag) => [rsa.blob, "rsa-sha2-256", flag] as const),
    ...([0, 2, 6] as const).map((flag) => [rsa.blob, "rsa-sha2-512", flag] as const),
    ...([2, 4] as const).map((flag) => [plain.blob, "ssh-ed25519", flag] as const),
    ...[certType, "ssh-ed25519"].map((name) => [cert, name, 0] as const),
    [plain.blob, "ssh-rsa", 0] as const,
    [plain.blob, certType, 0] as const,
  ])
    assert.equal(await ask(key, algorithm, flags), FAILURE, `${algorithm} ${flags}`);
  assert.deepEqual(one.decided, [], "nobody was even asked");
  assert.equal(await ask(rsa.blob, "rsa-sha2-256", 2), SIGN_RESPONSE, "control");
  assert.equal(await ask(rsa.blob, "rsa-sha2-512", 4), SIGN_RESPONSE, "control");
  assert.equal(await ask(plain.blob, "ssh-ed25519", 0), SIGN_RESPONSE, "control");
  const listed = readIdentities((await client.ask(toFrame(REQUEST_IDENTITIES))) ?? Buffer.alloc(0));
  const blobs = listed.map(({ blob }) => blob.toString("hex")).sort();
  assert.deepEqual(blobs, [rsa.blob.toString("hex"), plain.blob.toString("hex")].sort());
});
