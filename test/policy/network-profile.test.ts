import assert from "node:assert/strict";
import { test } from "node:test";
import type { SendBudget } from "../../src/core/profile.js";
import { judgeSends, type SendCount } from "../../src/policy/budgets/judge-sends.js";
import { SendWindow } from "../../src/policy/budgets/send-window.js";
import { resolveNetwork } from "../../src/policy/network/resolve-network.js";
import { toPlaceholder } from "../../src/policy/network/to-placeholder.js";
import { explainProfile } from "../../src/policy/profile/explain-profile.js";
import { resolve } from "./profile-case.js";

const NONE = { network: { mode: "none", allow: [] } } as const;

test("--allow by itself is an allowlist, --network none stays none, and open is open", () => {
  assert.equal(resolveNetwork({}, NONE), undefined);
  assert.equal(resolveNetwork({ network: "none" }, NONE), undefined);
  assert.deepEqual(resolveNetwork({ allow: ["a.example", "localhost:5432"] }, NONE), {
    mode: "allowlist",
    allow: [{ host: "a.example" }, { host: "localhost", ports: [5432] }],
    inspect: [],
  });
  assert.deepEqual(resolveNetwork({ network: "allowlist" }, NONE), {
    mode: "allowlist",
    allow: [],
    inspect: [],
  });
  assert.equal(resolveNetwork({ network: "open" }, NONE)?.mode, "open");
  for (const [texts, message] of [
    [{ network: "none", allow: ["a.example"] }, /--allow names a host/],
    [{ network: "host" }, /none, allowlist or open, not host/],
    [{ allow: ["https://a.example"] }, /--allow "https:\/\/a\.example": no scheme/],
  ] as const)
    assert.throws(() => resolveNetwork(texts, NONE), message);
});

test("a profile's hosts grow, its secrets' hosts are inspected, and none has none", () => {
  const profile = resolve(`version: 1
network: {mode: allowlist, allow: [a.example, {host: "*.b.example", ports: [443], paths: [/v1]}]}
secrets: {API_KEY: {from: {env: API_KEY}, hosts: [api.example]}}
`);
  assert.deepEqual(resolveNetwork({ allow: ["c.example:22"] }, profile), {
    mode: "allowlist",
    allow: [
      { host: "a.example" },
      { host: "*.b.example", ports: [443], paths: ["/v1"] },
      { host: "c.example", ports: [22] },
    ],
    inspect: ["api.example"],
  });
  assert.equal(resolveNetwork({ network: "none" }, profile), undefined);
  const said = explainProfile(profile).find(({ title }) => title === "It may send")?.lines;
  assert.match(said?.join("\n") ?? "", /API_KEY only to api\.example; the task itself holds/);
});

const USER = `version: 1
network: {mode: allowlist, allow: ["*.a.example", {host: b.example, methods: [GET], paths: [/v1]}]}
budgets: {send: {requests: 10, per: minute, over: hold}}
`;

test("a project's hosts take the place of more, and what would widen is refused", () => {
  const narrower = resolve(USER, {
    project:
      "version: 1\nnetwork: {mode: allowlist, allow: [x.a.example, {host: b.example, methods: [GET], paths: [/v1/models]}]}\n",
  });
  assert.deepEqual(
    narrower.network.allow.map(({ host }) => host),
    ["x.a.example", "b.example"],
  );
  for (const [line, key] of [
    ["network: {mode: open}", "network.mode"],
    ["network: {mode: allowlist, allow: [c.example]}", "network.allow[0]"],
    ["network: {mode: allowlist, allow: [b.example]}", "network.allow[0]"],
    ["network: {mode: allowlist, allow: ['x.a.example:22']}", "network.allow[0]"],
    ["network: {mode: allowlist, allow: [{host: x.a.example, private: true}]}", "network.allow[0]"],
    ["network: {mode: allowlist, inspect: [x.a.example]}", "network.inspect"],
    ["secrets: {X: {from: {env: X}, hosts: [x.a.example]}}", "secrets"],
    ["budgets: {send: {requests: 10, per: minute, by: host, over: hold}}", "budgets.send"],
  ] as const)
    assert.throws(
      () => resolve(USER, { project: `version: 1\n${line}\n` }),
      (error: Error) => error.message.startsWith(`/w/.sandbox.yaml:2: ${key}: `),
      line,
    );
  const open = "version: 1\nnetwork: {mode: open}\n";
  assert.equal(
    resolve(open, { project: "version: 1\nnetwork: {mode: allowlist, allow: [c.example]}\n" })
      .network.mode,
    "allowlist",
    "control: a public host of an open network",
  );
  assert.throws(
    () =>
      resolve(open, {
        project: "version: 1\nnetwork: {mode: allowlist, allow: ['localhost:5432']}\n",
      }),
    /network\.allow\[0\]/,
  );
});

test("a budget of sends has room until its requests or bytes are used up, and says when there is room again", () => {
  const budget = { requests: 2, bytes: 100, per: "minute", over: "slow" } as const;
  const judge = (by: SendBudget, counts: readonly SendCount[], now: number) => {
    const window = new SendWindow(by);
    for (const { at, bytes } of counts) window.grow(window.add(at), bytes);
    return judgeSends(by, window.countAt(now), now);
  };
  const counts = [
    { at: 0, bytes: 10 },
    { at: 10_000, bytes: 10 },
  ];
  assert.equal(judge(budget, counts.slice(1), 20_000), undefined);
  assert.deepEqual(judge(budget, counts, 20_000), {
    unit: "requests",
    limit: 2,
    spent: 2,
    roomInMs: 40_000,
  });
  assert.equal(judge(budget, counts, 60_001), undefined, "the first is over a minute old");
  const large = [{ at: 5000, bytes: 100 }];
  assert.deepEqual(judge(budget, large, 6000), {
    ...{ unit: "bytes", limit: 100, spent: 100 },
    roomInMs: 59_000,
  });
  const ever = { requests: 2, per: "run", over: "hold" } as const;
  assert.equal(judge(ever, counts, 10_000_000)?.roomInMs, undefined);
});

test("a placeholder is as long as its secret, keeps what is public of it, and nothing else", () => {
  const random = "R".repeat(200);
  const key = `sk-ant-api03-${"x".repeat(80)}`;
  assert.equal(toPlaceholder(key, random), `sk-ant-api03-${"R".repeat(80)}`);
  assert.equal(toPlaceholder("hunter2", random), "R".repeat(16));
});

test("credentials for named hosts: canonical, replaced by place, told, inspected, and never a project's to choose", () => {
  const key = `SHA256:${"a".repeat(43)}`;
  const profile = resolve(`version: 1
network: {mode: allowlist, allow: ["git.example:22", git.example]}
ssh_agent: [Git.Example, {host: b.example, port: 2222, users: [git], keys: ["${key}"], decision: ask}]
git_credentials: [git.example, {host: "http://[::1]:8080", paths: [/team], access: write}]
`);
  assert.deepEqual(profile.ssh_agent, [
    { host: "git.example", port: 22, decision: "allow" },
    { host: "b.example", port: 2222, users: ["git"], keys: [key], decision: "ask" },
  ]);
  assert.deepEqual(profile.git_credentials, [
    { scheme: "https", host: "git.example", port: 443, access: "read" },
    { scheme: "http", host: "::1", port: 8080, paths: ["/team"], access: "write" },
  ]);
  const network = resolveNetwork(
    { sshAgent: ["c.example:2200"], gitCredentials: ["d.example"] },
    profile,
  );
  assert.deepEqual(network?.inspect, ["git.example", "d.example"]);
  assert.deepEqual(network?.allow.slice(-2), [
    { host: "c.example", ports: [2200] },
    { host: "d.example", ports: [443] },
  ]);
  assert.deepEqual(
    network?.sshAgent?.map(({ host }) => host),
    ["git.example", "b.example", "c.example"],
  );
  const told = explainProfile(profile).flatMap(({ lines }) => lines);
  assert.ok(
    told.includes(
      `signatures of your ssh agent for logins at b.example:2222 as git with ${key} when asked; no other`,
    ),
  );
  assert.ok(
    told.includes(
      "your git credentials with git's requests to http://[::1]:8080 /team (write) only",
    ),
  );
  const base = {
    layer: "user",
    name: "low",
    file: "/low.yaml",
    text: "version: 1\nssh_agent: [a.example, b.example]\n",
  } as const;
  const above = resolve(
    "version: 1\nextends: low\nssh_agent: [{host: a.example, decision: ask}]\n",
    { others: [base] },
  );
  assert.deepEqual(
    above.ssh_agent?.map(({ host, decision }) => [host, decision]),
    [
      ["b.example", "allow"],
      ["a.example", "ask"],
    ],
  );
  for (const key of ["ssh_agent", "git_credentials"])
    assert.throws(
      () => resolve("version: 1\n", { project: `version: 1\n${key}: [a.example]\n` }),
      new RegExp(`${key}: not for a project to choose`),
    );
  assert.throws(
    () => resolveNetwork({}, { ...NONE, ssh_agent: profile.ssh_agent ?? [] }),
    /ssh_agent names git\.example:22/,
  );
  assert.throws(
    () =>
      resolveNetwork({}, { ...NONE, ssh_agent: [{ host: "::1", port: 22, decision: "allow" }] }),
    { hint: 'add network: {mode: allowlist, allow: ["[::1]:22"]}, or --allow [::1]:22' },
  );
  assert.equal(
    resolveNetwork({ network: "none" }, { ...NONE, ssh_agent: profile.ssh_agent ?? [] }),
    undefined,
  );
});
