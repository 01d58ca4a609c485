import assert from "node:assert/strict";
import { test } from "node:test";
import type { CommandFacts } from "../../src/policy/commands/apply-rule.js";
import { toCommandPolicy } from "../../src/policy/commands/command-policy.js";
import { openShellParser } from "../../src/policy/commands/open-shell-parser.js";
import { resolve } from "./profile-case.js";
import { readShellGrammar } from "./shell-grammar.js";

const shell = await openShellParser(readShellGrammar());

/** Programs lie in /opt, what begins with a slash is outside the workspace. */
const facts: CommandFacts = {
  resolveProgram: (name) => ({ path: `/opt/${name}`, inWorkspace: false }),
  resolvePath: (text) => ({
    place: text.startsWith("/") ? "outside" : "workspace",
    escapes: false,
  }),
};

/** What one rule, which is all there is, says of an argv. */
function judge(rule: string, ...argv: readonly string[]): string {
  const { commands } = resolve(`version: 1\ncommands: {default: deny, rules: [${rule}]}\n`);
  const { decision, rule: by } = toCommandPolicy(commands).decide(argv, facts, shell);
  return by === "x" ? decision : `${decision} ${by}`;
}

test("a rule that names files allows no other program of that name", () => {
  const rule = (exe: string) => `{id: x, argv: [tool], exe: [${exe}], decision: allow}`;
  assert.equal(judge(rule("/usr/bin/tool"), "tool"), "deny");
  assert.equal(judge(rule("/usr/bin/tool, /opt/tool"), "tool"), "allow", "control");
});

test("a denied option is denied however it is written, among others that are allowed", () => {
  const rule =
    "{id: x, argv: [tool], options: {allow: [-a, --add, --by=], deny: [-d, --delete, --drop=, -e=], unknown: allow}, decision: allow}";
  for (const argv of [
    ["-d"],
    ["-ad"],
    ["--delete"],
    ["--drop=1"],
    ["--drop", "1"],
    ["-e1"],
    ["-ae", "1"],
  ])
    assert.equal(judge(rule, "tool", ...argv), "deny", argv.join(" "));
  for (const argv of [["-a"], ["--add"], ["--by=1"], ["--by", "1"], ["-z"], ["--", "-d"]])
    assert.equal(judge(rule, "tool", ...argv), "allow", `control: ${argv.join(" ")}`);
});

test("an option whose value is not there is not admitted", () => {
  const rule = "{id: x, argv: [tool], options: {allow: [--by=], unknown: deny}, decision: allow}";
  assert.equal(judge(rule, "tool", "--by"), "deny");
  assert.equal(judge(rule, "tool", "--by", "1"), "allow", "control");
});

test("an option that is not declared is what the rule says of unknown ones, with a value or without", () => {
  const rule = (unknown: string) =>
    `{id: x, argv: [tool], options: {allow: [--by=], unknown: ${unknown}}, args: {kind: path, within: workspace}, decision: allow}`;
  for (const word of ["--zoo", "--zoo=1"]) {
    assert.equal(judge(rule("deny"), "tool", word), "deny", word);
    assert.equal(judge(rule("ask"), "tool", word), "ask", word);
    assert.equal(judge(rule("allow"), "tool", word), "allow", word);
  }
  assert.equal(judge(rule("allow"), "tool", "--zoo=/etc/x"), "deny", "its value is a path");
});

test("a rule for no operand takes none; one for words takes no path for anything", () => {
  const rule = (args: string) => `{id: x, argv: [tool], args: ${args}, decision: allow}`;
  assert.equal(judge(rule("{kind: none}"), "tool", "a"), "deny");
  assert.equal(judge(rule("{kind: none}"), "tool"), "allow", "control");
  assert.equal(judge(rule("{kind: path}"), "tool", "/etc/x"), "allow", "no place is asked for");
  assert.equal(judge(rule("{kind: path, within: workspace}"), "tool", "/etc/x"), "deny");
  assert.equal(judge(rule("{kind: path, within: workspace}"), "tool", "-"), "allow", "a dash");
});

test("nothing, a wrapper of nothing and a script that is not there are never allowed by a rule for everything", () => {
  const rule = "{id: x, argv: [tool], decision: allow}";
  for (const argv of [
    [],
    ["sh"],
    ["sh", "-c"],
    ["sh", "-c", "--"],
    ["sh", "-"],
    ["sh", "-Z", "-c", "tool"],
    ["sh", "-o", "what", "-c", "tool"],
    ["timeout"],
    ["timeout", "5"],
    ["env", "--what", "tool"],
  ])
    assert.notEqual(judge(rule, ...argv), "allow", argv.join(" "));
  for (const argv of [
    ["tool"],
    ["sh", "-c", "tool"],
    ["sh", "-o", "pipefail", "-c", "tool"],
    ["env", "--", "tool"],
    ["env", "-i", "tool"],
    ["env", "--unset=A", "tool"],
    ["timeout", "5", "tool"],
  ])
    assert.equal(judge(rule, ...argv), "allow", `control: ${argv.join(" ")}`);
});
