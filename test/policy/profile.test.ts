import assert from "node:assert/strict";
import { test } from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { freezeProfile, thawProfile } from "../../src/policy/profile/canonical-profile.js";
import { DEFAULT_PROFILE } from "../../src/policy/profile/default-profile.js";
import { explainProfile } from "../../src/policy/profile/explain-profile.js";
import { findUnenforced } from "../../src/policy/profile/find-unenforced.js";
import { type ProfileSource, resolveProfile } from "../../src/policy/profile/resolve-profile.js";
import { builtIn, resolve } from "./profile-case.js";

/** Every key of the contract, as the issue writes them. */
const WHOLE = `version: 1
extends: base
paths:
  - {path: ".", mode: overlay}
  - {path: ".env*", mode: hidden}
scope: {commit: ["src/**", "test/**"], deny: ["**/*.pem"]}
user: {uid: 1000, groups: []}
seccomp: default
limits: {memory: 4GiB, cpus: 2, pids: 512, upper: 10GiB, time: 1h}
env: {pass: [TERM, LANG], set: {CI: "1"}}
network: {mode: none}
commands:
  default: allow
  rules:
    - id: git-read
      argv: [git, {oneof: [status, log, diff]}]
      exe: [/usr/bin/git]
      options: {allow: [--oneline, "-n="], unknown: deny}
      args: {kind: path, within: workspace}
      decision: allow
      examples: {match: ["git log --oneline"], nomatch: ["git -c core.pager=x log"]}
    - id: rm
      argv: [rm]
      options: {allow: [-f, -r], abbreviations: deny, require_end_of_options: true}
      args: {kind: path, within: workspace, no_symlink_escape: true, max: 20}
      decision: ask
      effect: delete
changes:
  - {match: "docs/**", kinds: [add, modify], decision: allow}
  - {risk: runs-later, decision: ask}
budgets:
  delete: {files: 50, bytes: 100MiB, per: run, over: hold}
  overwrite: {bytes: 1GiB, per: hour, over: hold}
  send: {requests: 30, per: minute, over: slow}
  retry: {same_command_failures: 3, over: ask}
`;

test("the shape of the contract is a profile", () => {
  const profile = resolve(WHOLE);
  assert.deepEqual(profile.limits, {
    memory: 4 * 1024 ** 3,
    cpus: 2,
    pids: 512,
    upper: 10 * 1024 ** 3,
    time: 3_600_000,
  });
  assert.deepEqual(profile.scope.commit, [["src/**", "test/**"]]);
  assert.equal(profile.budgets.delete?.bytes, 100 * 1024 ** 2);
  assert.deepEqual(findUnenforced(profile), []);
});

/** `[what the first line of the error is, the document]`; lines count from 1. */
const WRONG: readonly (readonly [RegExp, string])[] = [
  [
    /^\/p\.yaml:2: colour: unknown key colour; known here: version, extends/,
    "version: 1\ncolour: red\n",
  ],
  [/^\/p\.yaml:1: version: give version: 1/, "version: 2\n"],
  [/^\/p\.yaml:2: limits\.memory: give a size like/, "version: 1\nlimits: {memory: lots}\n"],
  [/^\/p\.yaml:3: limits\.memroy: unknown key memroy/, "version: 1\nlimits:\n  memroy: 1GiB\n"],
  [
    /^\/p\.yaml:3: paths\[0\]\.mode: give one of overlay, readonly, hidden, scratch/,
    "version: 1\npaths:\n  - {path: a, mode: rw}\n",
  ],
  [
    /^\/p\.yaml:3: paths\[0\]\.path: a\/\.\.\/b can never match/,
    "version: 1\npaths:\n  - {path: a/../b, mode: hidden}\n",
  ],
  [
    /^\/p\.yaml:2: scope\.deny\[0\]: \*\*\.pem can never match/,
    'version: 1\nscope: {deny: ["**.pem"]}\n',
  ],
  [
    /^\/p\.yaml:2: scope\.commit\[0\]: src\/\*\* is in deny too/,
    'version: 1\nscope: {commit: ["src/**"], deny: ["src/**"]}\n',
  ],
  [
    /^\/p\.yaml:4: paths\[1\]: contradicts another entry: hidden and readonly/,
    "version: 1\npaths:\n  - {path: a, mode: hidden}\n  - {path: a, mode: readonly}\n",
  ],
  [/^\/p\.yaml:2: env\.set\.CI: give text/, "version: 1\nenv: {set: {CI: 1}}\n"],
  [/^\/p\.yaml:2: user\.uid: never 0/, "version: 1\nuser: {uid: 0}\n"],
  [
    /^\/p\.yaml:2: network\.allow: hosts are for mode: allowlist/,
    "version: 1\nnetwork: {mode: none, allow: [a.example]}\n",
  ],
  [
    /^\/p\.yaml:2: budgets\.delete: says no number/,
    "version: 1\nbudgets: {delete: {per: run, over: hold}}\n",
  ],
  [
    /^\/p\.yaml:2: changes\[0\]: give match, kinds or risk/,
    "version: 1\nchanges: [{decision: deny}]\n",
  ],
  [/^\/p\.yaml:2: extends: there is no profile nowhere/, "version: 1\nextends: nowhere\n"],
  [
    /^\/p\.yaml:5: commands\.rules\[1\]: contradicts another entry: allow and deny/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [x], decision: allow}\n    - {id: b, argv: [x], decision: deny}\n",
  ],
  [
    /^\/p\.yaml:4: commands\.rules\[0\]\.examples\.match\[0\]: the example "wc" fails: the rule does not speak of it/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [x], decision: allow, examples: {match: [wc]}}\n",
  ],
  [
    /^\/p\.yaml:4: commands\.rules\[0\]\.examples\.nomatch\[0\]: the example "x" fails: the rule does match it/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [x], decision: allow, examples: {nomatch: [x]}}\n",
  ],
  [
    /^\/p\.yaml:4: commands\.rules\[0\]\.decision: a deny rule has no options/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [x], options: {}, decision: deny}\n",
  ],
  [
    /^\/p\.yaml:4: commands\.rules\[0\]\.argv\[0\]: a program is named without/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [/bin/x], decision: deny}\n",
  ],
  [
    /^\/p\.yaml:4: commands\.rules\[0\]\.argv\[1\]: give a word/,
    "version: 1\ncommands:\n  rules:\n    - {id: a, argv: [x, 5], decision: deny}\n",
  ],
];

test("what is wrong is refused with file, line, key and the right form", () => {
  for (const [message, text] of WRONG)
    assert.throws(
      () => resolve(text),
      (error) => {
        assert.ok(isSandboxError(error) && error.code === "usage", String(error));
        assert.match(error.message, message);
        return true;
      },
    );
});

test("a profile extends another: rules are added, single values replaced, a rule of the same id too", () => {
  const parent: ProfileSource = {
    layer: "user",
    name: "mine",
    file: "/u/mine.yaml",
    text: "version: 1\nlimits: {memory: 1GiB, pids: 100}\nscope: {commit: [a], deny: [b]}\ncommands: {rules: [{id: r, argv: [x], decision: deny}]}\n",
  };
  const profile = resolve(
    "version: 1\nextends: mine\nlimits: {memory: 2GiB}\nscope: {commit: [c], deny: [d]}\ncommands: {rules: [{id: r, argv: [x], decision: ask}]}\n",
    { others: [parent] },
  );
  assert.deepEqual(profile.limits, { memory: 2 * 1024 ** 3, pids: 100 });
  assert.deepEqual(profile.scope, { commit: [["c"]], deny: ["b", "d"], outside: "ask" });
  assert.deepEqual(
    profile.commands.rules.map(({ id, decision }) => [id, decision]),
    [["r", "ask"]],
  );
  assert.deepEqual(profile.sources, ["built-in:base", "/u/mine.yaml", "/p.yaml"]);
});

test("a profile that extends its own name extends the layer below; a circle is refused", () => {
  const upper: ProfileSource = {
    layer: "user",
    name: "default",
    file: "/u/default.yaml",
    text: "version: 1\nextends: default\nlimits: {pids: 64}\n",
  };
  const profile = resolveProfile(upper, {
    find: (name, below) =>
      name === "default" && below === "user" ? builtIn("default") : undefined,
    projects: [],
  });
  assert.deepEqual(profile.sources, ["built-in:base", "built-in:default", "/u/default.yaml"]);
  const a: ProfileSource = {
    layer: "user",
    name: "a",
    file: "/u/a.yaml",
    text: "version: 1\nextends: b\n",
  };
  const b: ProfileSource = { ...a, name: "b", file: "/u/b.yaml", text: "version: 1\nextends: a\n" };
  assert.throws(
    () => resolveProfile(a, { find: (name) => (name === "a" ? a : b), projects: [] }),
    /\/u\/a\.yaml:2: extends: goes in a circle/,
  );
});

const USER = `version: 1
scope: {outside: deny}
limits: {memory: 1GiB}
env: {pass: [TERM, "LC_*"]}
network: {mode: none}
commands: {default: ask, rules: [{id: r, argv: [x], decision: allow}]}
budgets: {delete: {files: 10, per: run, over: hold}}
approvals: {require: 2}
`;

/** `[key that would widen, the project's line]` */
const WIDER: readonly (readonly [string, string])[] = [
  ["extends", "extends: base"],
  ["runtime", "runtime: crun"],
  ["engine", "engine: docker"],
  ["user", "user: {uid: 5}"],
  ["seccomp", "seccomp: none"],
  ["limits.memory", "limits: {memory: 2GiB}"],
  ["env.pass[1]", "env: {pass: [TERM, HOME]}"],
  ["env.set", "env: {set: {LD_PRELOAD: x}}"],
  ["network.mode", "network: {mode: open}"],
  ["scope.outside", "scope: {outside: ask}"],
  ["paths[0]", "paths: [{path: /etc/shadow, mode: readonly}]"],
  ["commands.default", "commands: {default: allow}"],
  ["commands.rules[0].decision", "commands: {rules: [{id: mine, argv: [rm], decision: allow}]}"],
  ["commands.rules[0].id", "commands: {rules: [{id: r, argv: [x], decision: deny}]}"],
  ["changes[0].decision", 'changes: [{match: "**", decision: allow}]'],
  ["budgets.delete", "budgets: {delete: {files: 100, per: run, over: hold}}"],
  ["budgets.delete", "budgets: {delete: {files: 1, per: run, over: slow}}"],
  ["budgets.delete", "budgets: {delete: {bytes: 1, per: run, over: hold}}"],
  ["approvals.require", "approvals: {require: 1}"],
];

test("a project's file that would widen is refused, and the key is named with its line", () => {
  for (const [key, line] of WIDER)
    assert.throws(
      () => resolve(USER, { project: `version: 1\n${line}\n` }),
      (error) => {
        assert.ok(isSandboxError(error), line);
        assert.ok(error.message.startsWith(`/w/.sandbox.yaml:2: ${key}: `), error.message);
        return true;
      },
    );
});

test("a project's file tightens everything it may", () => {
  const profile = resolve(USER, {
    project: `version: 1
paths: [{path: secrets, mode: hidden}, {path: /opt, mode: hidden}]
scope: {commit: ["src/**"], deny: [x]}
limits: {memory: 512MiB, pids: 100}
env: {pass: [LC_ALL]}
exec: workspace-denied
commands: {default: deny, rules: [{id: mine, argv: [rm], decision: deny}]}
changes: [{match: "docs/**", decision: deny}]
budgets: {delete: {files: 5, per: run, over: deny}}
approvals: {require: 3}
`,
  });
  assert.equal(profile.limits.memory, 512 * 1024 ** 2);
  assert.deepEqual(profile.env.pass, ["LC_ALL"]);
  assert.equal(profile.commands.rules.map(({ id }) => id).join(" "), "r mine");
  assert.equal(profile.commands.default, "deny");
  assert.deepEqual(profile.approvals, { require: 3 });
});

test("a project's scope narrows the one that is there, and never replaces it", () => {
  const profile = resolve('version: 1\nscope: {commit: ["src/**"]}\n', {
    project: 'version: 1\nscope: {commit: ["**"]}\n',
  });
  assert.deepEqual(profile.scope.commit, [["src/**"], ["**"]]);
});

test("the built-in default is the one that was compiled", () => {
  const profile = resolveProfile(builtIn("default"), { find: () => undefined, projects: [] });
  assert.deepEqual(freezeProfile("default", profile), DEFAULT_PROFILE);
  assert.deepEqual(thawProfile(DEFAULT_PROFILE), profile);
});

test("a frozen profile has one text whatever the order of its keys, and is not thawed once altered", () => {
  const profile = resolve(WHOLE);
  const turned = Object.fromEntries(
    Object.entries(profile).toReversed(),
  ) as unknown as typeof profile;
  const frozen = freezeProfile("x", profile);
  assert.equal(freezeProfile("x", turned).digest, frozen.digest);
  const altered = { ...frozen, canonical: frozen.canonical.replace('"ask"', '"allow"') };
  assert.notEqual(altered.canonical, frozen.canonical);
  assert.throws(() => thawProfile(altered), /was altered/);
});

test("the built-in profiles are valid, can be put in force, and are said in plain words", () => {
  for (const name of ["default", "strict", "ci", "offline", "permissive-reads"]) {
    const profile = resolveProfile(builtIn(name), { find: () => undefined, projects: [] });
    assert.deepEqual(findUnenforced(profile), [], name);
    const titles = explainProfile(profile).map(({ title }) => title);
    assert.deepEqual(titles.slice(0, 2), ["It may touch", "Of its changes"]);
  }
});

test("the report says what cannot be put in force, and what would widen a profile", () => {
  const text = JSON.stringify(
    explainProfile(resolve(WHOLE.replace("per: minute, over: slow", "per: run, over: slow"))),
  );
  for (const part of [
    "not seen",
    "budgets.send per run over slow",
    "at most 50 files and 100 MiB per run",
    "never by the task itself",
  ])
    assert.ok(text.includes(part), part);
});
