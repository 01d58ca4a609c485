import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, describe, test } from "node:test";
import { openGitCredentials } from "../../src/controller/network/open-git-credentials.js";
import { prepareSshAgent } from "../../src/controller/network/prepare-ssh-agent.js";
import type { NetworkPolicy, SshAgentRule } from "../../src/core/send.js";
import { runForOutput } from "../../src/host/run-for-output.js";
import { parseGitCredentials } from "../../src/policy/network/parse-git-credentials.js";
import { parseSshAgent } from "../../src/policy/network/parse-ssh-agent.js";
import { makeSshKey, startSshAgent } from "../support/ssh-agent.js";
import { openTempDir } from "../support/temp-tree.js";

const home = openTempDir();
after(() => home[Symbol.dispose]());
const at = (name: string): string => path.join(home.path, name);

describe("an ssh agent that a task is to have", () => {
  const [key, other] = [makeSshKey(at("key")), makeSshKey(at("other"))];
  const agent = startSshAgent(home.path, [key]);
  after(() => agent[Symbol.dispose]());
  mkdirSync(at(".ssh"));
  writeFileSync(at(".ssh/known_hosts"), `git.test,other.test ${other.text}\n`);

  const prepare = (
    o: { readonly rule?: Partial<SshAgentRule>; readonly env?: Record<string, string> } = {},
  ) => {
    const rule = { host: "git.test", port: 22, decision: "allow", ...o.rule } as const;
    const network: NetworkPolicy = {
      ...{ mode: "allowlist", inspect: [], sshAgent: [rule] },
      allow: [{ host: "git.test", ports: [22, 2222] }],
    };
    const env = o.env ?? { SSH_AUTH_SOCK: agent.socket };
    return prepareSshAgent({ env, personHome: home.path }, network);
  };

  test("is there with the keys of its hosts", async () => {
    const found = await prepare();
    assert.equal(found?.socket, agent.socket);
    assert.deepEqual(
      found?.places.map(({ hostKeys }) => hostKeys),
      [[other.blob]],
    );
    const named = await prepare({ rule: { port: 2222, hostKeys: [key.text] } });
    assert.deepEqual(named?.places[0]?.hostKeys, [key.blob]);
    assert.ok(await prepare({ rule: { keys: [key.fingerprint, other.fingerprint] } }));
  });

  test("or what is missing is told in one line", async () => {
    const mute = createServer((socket) => void socket.end("no agent"));
    after(() => mute.close());
    await new Promise<void>((resolve) => mute.listen(at("mute"), resolve));
    const cases: readonly (readonly [Parameters<typeof prepare>[0], RegExp])[] = [
      [{ env: {} }, /SSH_AUTH_SOCK is not set/],
      [{ env: { SSH_AUTH_SOCK: at("nobody") } }, /no ssh agent answers at .*nobody/],
      [{ env: { SSH_AUTH_SOCK: at("mute") } }, /no ssh agent answers at .*mute/],
      [{ env: { SSH_AUTH_SOCK: at("key") } }, /no ssh agent answers at .*key/],
      [{ rule: { keys: [other.fingerprint] } }, /does not have the key SHA256:/],
      [{ rule: { port: 2222 } }, /no host key of git\.test:2222 is known/],
      [{ rule: { hostKeys: ["ssh-rsa AAAA"] } }, /no host key of git\.test:22 is known/],
      [{ rule: { host: "other.test" } }, /other\.test:22, which is not allowed/],
      [{ rule: { port: 23 } }, /git\.test:23, which is not allowed/],
    ];
    for (const [asked, message] of cases)
      await assert.rejects(prepare(asked), { code: "usage", message });
    const empty = openTempDir();
    using none = startSshAgent(empty.path, []);
    await assert.rejects(prepare({ env: { SSH_AUTH_SOCK: none.socket } }), /agent has no keys/);
    empty[Symbol.dispose]();
  });
});

describe("git credentials that a task is to have", () => {
  writeFileSync(at(".gitconfig"), `[credential]\n\thelper = store --file=${at("kept")}\n`);
  writeFileSync(at("kept"), "https://ann.person:pass@known.test\n");

  const open = (written: string, env: Record<string, string> = {}) => {
    const parsed = parseGitCredentials(written);
    assert.ok("rule" in parsed);
    const network: NetworkPolicy = {
      ...{ mode: "allowlist", inspect: [], gitCredentials: [parsed.rule] },
      allow: [{ host: "known.test" }, { host: "unknown.test", paths: ["/a"] }],
    };
    const controller = { env: { HOME: home.path, ...env }, host: { runForOutput } };
    return openGitCredentials(controller as never, network);
  };

  test("are placeholders, whatever git's variables say here", async () => {
    const evil = {
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "credential.helper",
      GIT_ASKPASS: "/bin/echo",
      GIT_CONFIG_GLOBAL: "/dev/null",
    };
    const { secrets, env } = await open("known.test", {
      ...evil,
      GIT_CONFIG_VALUE_0: "!echo password=x",
    });
    assert.deepEqual(
      secrets.map(({ value, places, git }) => [value, places, git]),
      ["ann.person", "pass"].map((value) => [
        value,
        ["basic"],
        { scheme: "https", access: "read" },
      ]),
    );
    const said = JSON.stringify(env);
    assert.ok(!said.includes('pass"') && !said.includes("ann.person"), said);
    for (const { placeholder } of secrets) assert.ok(said.includes(placeholder));
  });

  test("or what is missing is told in one line, without any value", async () => {
    for (const [written, message] of [
      ["unknown.test", /no credentials for https:\/\/unknown\.test: git: it failed/],
      ["http://known.test", /no credentials for http:\/\/known\.test/],
      ["third.test", /https:\/\/third\.test:443, which is not allowed/],
      ["known.test:8443", /https:\/\/known\.test:8443, which is not allowed/],
    ] as const)
      await assert.rejects(open(written), { code: "usage", message });
  });
});

test("what is written wrongly is told with the right form", () => {
  for (const [parsed, problem] of [
    [parseSshAgent("*.example.com"), /name one host/],
    [parseSshAgent("ssh://a.test"), /no scheme/],
    [parseSshAgent("git@a.test"), /no user here/],
    [parseSshAgent({ host: "*.a.test" }), /host: name one host/],
    [parseGitCredentials("ftp://a.test"), /no scheme \(ftp:\/\/\) here/],
    [parseGitCredentials("https://a.test/x"), /no path here/],
    [parseGitCredentials("*.a.test"), /name one host/],
    [parseGitCredentials({ host: "a.test", paths: ["team"] }), /paths: give beginnings/],
  ] as const)
    assert.match("problem" in parsed ? parsed.problem : "it is none", problem);
});
