import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Profile } from "../../src/core/profile.js";
import { addArguments } from "../../src/policy/profile/add-arguments.js";
import { AGENT_PRESETS, toPresetName } from "../../src/policy/profile/agent-presets.js";
import { parseDocument } from "../../src/policy/profile/parse-document.js";
import { type ProfileSource, resolveProfile } from "../../src/policy/profile/resolve-profile.js";
import { projectRoot } from "../support/project-root.js";

function readBuiltIn(name: string): ProfileSource {
  const text = readFileSync(path.join(projectRoot, "profiles", `${name}.yaml`), "utf8");
  return { layer: "built-in", name, text, file: `built-in:${name}` };
}

const BUILT_IN = readdirSync(path.join(projectRoot, "profiles")).map((file) =>
  file.replace(/\.yaml$/, ""),
);

function find(name: string): ProfileSource | undefined {
  return BUILT_IN.includes(name) ? readBuiltIn(name) : undefined;
}

function resolve(source: ProfileSource, projects: readonly ProfileSource[] = []): Profile {
  return resolveProfile(source, { find, projects });
}

test("a path of the home is below it, and says where without wildcards", () => {
  const parse = (file: string) =>
    parseDocument(`version: 1\nhome: [{path: "${file}", mode: scratch}]\n`, "p.yaml");
  for (const bad of ["/etc", "~/.ssh", "../x", "a/../b", ".", "*.json", "a/", "a//b"])
    assert.throws(() => parse(bad), /give a path below your home/, bad);
  for (const good of [".gitconfig", ".config/git", "..a", "a b"]) parse(good);
});

test("an own profile replaces entries of the same path, and words of the same program", () => {
  const text = `version: 1
extends: claude
home: [{path: .gitconfig, mode: readonly}, {path: .tool, mode: scratch, hosts: ["a.example:8443"], in: [body]}]
arguments: {claude: {add: []}}
`;
  const own = resolve({ layer: "user", name: "claude", file: "own.yaml", text });
  const of = (name: string) => own.home?.filter((rule) => rule.path === name);
  assert.deepEqual(
    of(".gitconfig")?.map(({ mode }) => mode),
    ["readonly"],
  );
  assert.deepEqual(of(".tool"), [
    { path: ".tool", mode: "scratch", hosts: [{ host: "a.example", ports: [8443] }], in: ["body"] },
  ]);
  assert.equal(of(".claude/.credentials.json")?.length, 1, "the others stay");
  assert.deepEqual(addArguments(["claude", "-p"], own).added, []);
});

test("words are added behind the program they are for, unless the command says something of it", () => {
  const { arguments: all = {} } = resolve(readBuiltIn("gemini"));
  const add = (...command: readonly string[]) => addArguments(command, { arguments: all }).command;
  assert.deepEqual(add("gemini", "-p", "x"), ["gemini", "--yolo", "-p", "x"]);
  assert.deepEqual(add("/opt/bin/gemini"), ["/opt/bin/gemini", "--yolo"]);
  for (const said of ["-y", "--yolo", "--approval-mode", "--approval-mode=plan"])
    assert.deepEqual(add("gemini", said), ["gemini", said]);
  for (const other of ["sh", "constructor", "geminix"]) assert.deepEqual(add(other), [other]);
  assert.equal(toPresetName(["/usr/bin/claude", "x"]), "claude");
  for (const none of ["claude2", "sh", "constructor", ""])
    assert.equal(toPresetName([none]), undefined);
});

for (const name of AGENT_PRESETS)
  test(`${name}: the preset reaches the hosts it names, and each secret goes to hosts of its own only`, () => {
    const preset = resolve(readBuiltIn(name));
    const { mode, allow, inspect = [] } = preset.network;
    assert.equal(mode, "allowlist");
    for (const rule of allow) {
      assert.ok(!rule.host.startsWith("*"), `${rule.host}: an exact host`);
      // A registry takes packages too, with whatever is in them.
      if (rule.methods !== undefined) assert.ok(inspect.includes(rule.host), rule.host);
    }
    const reached = new Set(allow.map(({ host }) => host));
    for (const [variable, secret] of Object.entries(preset.secrets ?? {})) {
      assert.deepEqual(secret.from, { env: variable });
      assert.equal(secret.optional, true, "whoever logs in otherwise has none");
      for (const { host } of secret.hosts) assert.ok(reached.has(host), `${variable}: ${host}`);
      assert.ok(!preset.env.pass.includes(variable), "never passed as it is");
    }
    for (const rule of preset.home ?? [])
      for (const { host } of rule.hosts) assert.ok(reached.has(host), `${rule.path}: ${host}`);
    assert.ok(!preset.env.pass.some((one) => /(?:KEY|TOKEN|SECRET)$/.test(one)));
  });
