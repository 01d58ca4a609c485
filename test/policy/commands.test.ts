import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { CommandRule, Profile, Verdict } from "../../src/core/profile.js";
import type { CommandFacts } from "../../src/policy/commands/apply-rule.js";
import { toCommandPolicy } from "../../src/policy/commands/command-policy.js";
import { openShellParser } from "../../src/policy/commands/open-shell-parser.js";
import { resolveProfile } from "../../src/policy/profile/resolve-profile.js";
import { builtIn, resolve } from "./profile-case.js";
import { readShellGrammar } from "./shell-grammar.js";

const shell = await openShellParser(readShellGrammar());

/** Programs lie in /usr/bin, those with a slash where they say; `link` leads out, `/w` is the workspace. */
const facts: CommandFacts = {
  resolveProgram: (name) =>
    name.includes("/")
      ? { path: name, inWorkspace: !name.startsWith("/usr/") }
      : { path: `/usr/bin/${name === "vi" ? "vim" : name}`, inWorkspace: false },
  resolvePath: (text) => ({
    place: text.startsWith("/")
      ? text.startsWith("/w/")
        ? "workspace"
        : "outside"
      : text.startsWith("..")
        ? "outside"
        : "workspace",
    escapes: text.startsWith("link"),
  }),
};

const PROFILE = `version: 1
commands:
  default: allow
  rules:
    - id: git-read
      argv: [git, {oneof: [status, log, diff]}]
      exe: [/usr/bin/git]
      options: {allow: [--oneline, "-n=", --stat, "--format=", --color, "--color="], unknown: deny}
      args: {kind: path, within: workspace}
      decision: allow
    - id: rm
      argv: [rm]
      options: {allow: [-f, -r, --recursive, --verbose], abbreviations: deny, require_end_of_options: true}
      args: {kind: path, within: workspace, no_symlink_escape: true, max: 3}
      decision: ask
    - {id: no-push, argv: [git, push], decision: deny}
    - {id: no-sudo, argv: [sudo], decision: deny}
    - {id: find, argv: [find], decision: allow}
    - {id: tar, argv: [tar], options: {allow: [-I=, -c, -x, "-f="], unknown: allow}, decision: allow}
    - {id: rsync, argv: [rsync], decision: allow}
    - {id: python, argv: [python3], decision: allow}
    - {id: make, argv: [make, {any: word}], options: {allow: [], unknown: ask}, decision: allow}
`;

function ask(profile: Profile | string, ...argv: readonly string[]): string {
  const { commands } = typeof profile === "string" ? resolve(profile) : profile;
  const { decision, rule } = toCommandPolicy(commands).decide(argv, facts, shell);
  return `${decision} ${rule}`;
}

const expect = (answer: string, ...argv: readonly string[]): void =>
  assert.equal(ask(PROFILE, ...argv), answer, argv.join(" "));

test("a rule speaks of an argv by its tokens, its options and its operands", () => {
  expect("allow git-read", "git", "log");
  expect("allow git-read", "git", "log", "--oneline", "-n5", "src");
  expect("allow git-read", "git", "log", "-n", "5", "--format=%H");
  expect("deny git-read", "git", "log", "--oneline=5");
  expect("deny git-read", "git", "log", "-p");
  expect("deny git-read", "git", "diff", "../other");
  expect("deny git-read", "git", "diff", "--format=/etc/passwd");
  expect("deny no-push", "git", "push", "--force");
  expect("allow default", "git", "commit", "-m", "x");
  expect("allow default", "ls", "-la");
});

test("options are told from operands as getopt does: clusters, --, values, abbreviations", () => {
  expect("ask rm", "rm", "-rf", "--", "report", "-x");
  expect("deny rm", "rm", "report", "-rf");
  expect("ask rm", "rm", "--", "report -rf");
  expect("deny rm", "rm", "-rf", "report");
  expect("deny rm", "rm", "-rfv", "--", "report");
  expect("deny rm", "rm", "--recurs", "--", "report");
  expect("ask rm", "rm", "--recursive", "--", "report");
  expect("deny rm", "rm", "--", "a", "b", "c", "d");
  expect("deny rm", "rm", "--", "/etc/passwd");
  expect("deny rm", "rm", "--", "link/x");
});

test("an abbreviation that a rule admits is what it stands for; one that is ambiguous is not admitted", () => {
  const text = PROFILE.replace("abbreviations: deny", "abbreviations: allow");
  assert.equal(ask(text, "rm", "--recurs", "--", "a"), "ask rm");
  assert.equal(ask(text.replace("--verbose", "--recall"), "rm", "--rec", "--", "a"), "deny rm");
});

test("wrappers are taken off; what they start is judged", () => {
  expect("deny no-push", "env", "-i", "A=b", "timeout", "-k", "5", "10", "git", "push");
  expect("deny no-push", "nice", "-n5", "nohup", "git", "push");
  expect("allow git-read", "timeout", "5", "git", "log");
  expect("deny no-sudo", "sudo", "git", "log");
  expect("deny no-push", "busybox", "env", "git", "push");
  expect("ask builtin:unclear", "env", "-S", "git push");
  expect("ask builtin:unclear", "timeout", "--what", "5", "git", "log");
  expect("ask builtin:unclear", "eval", "git push");
  expect("ask builtin:unclear", "/lib64/ld-linux-x86-64.so.2", "/usr/bin/git", "push");
  expect("deny git-read", "env", "-C", "/etc", "git", "log", "x");
  expect("deny git-read", "env", "GIT_PAGER=./x", "git", "log");
  expect("deny git-read", "env", "PATH=.", "git", "log");
});

test("xargs adds what cannot be judged", () => {
  expect("deny rm", "xargs", "rm", "--");
  expect("deny git-read", "xargs", "-0", "git", "log");
  expect("deny no-push", "xargs", "git");
  expect("allow default", "xargs", "echo");
});

test("a shell's script is read command by command", () => {
  const sh = (answer: string, script: string): void => expect(answer, "sh", "-ec", script);
  sh("allow git-read", "git log --oneline");
  sh("deny no-push", "git log && git push");
  sh("deny no-push", "echo $(git push)");
  sh("deny no-push", "cat <<E\n$(git push)\nE\n");
  sh("deny no-push", "if true; then timeout 5 sh -c 'git push'; fi");
  sh("deny no-push", "g'i't \"push\"");
  sh("deny no-push", "git $WHAT");
  sh("deny git-read", "git log > /etc/x");
  sh("allow git-read", "git log > out 2>&1 </dev/null");
  sh("deny git-read", "cd sub && git log x");
  sh("deny git-read", "GIT_EXTERNAL_DIFF=./x git diff");
  sh("deny git-read", "git log $FLAGS");
  sh("ask builtin:unclear", "$CMD x");
  sh("ask builtin:unclear", "git() { rm x; }; git log");
  sh("ask builtin:unclear", "git log )");
  sh("ask builtin:unclear", ". ./x");
  expect("ask builtin:unclear", "bash", "script.sh");
  expect("ask builtin:unclear", "bash", "--rcfile", "x", "-c", "git log");
});

test("where the default denies, what cannot be read is denied", () => {
  const text =
    "version: 1\ncommands: {default: deny, rules: [{id: a, argv: [ls], decision: allow}]}\n";
  assert.equal(ask(text, "sh", "-c", "ls"), "allow a");
  assert.equal(ask(text, "sh", "-c", "$X"), "deny builtin:unclear");
});

test("a program that can start others is denied where it is told to, unless the rule knows the option", () => {
  expect("allow find", "find", ".", "-name", "x");
  expect("deny find", "find", ".", "-exec", "rm", "{}", ";");
  expect("deny find", "find", ".", "-ok", "rm", "{}", ";");
  expect("deny builtin:runs-others", "git", "-c", "core.pager=x", "log");
  expect("deny builtin:runs-others", "git", "bisect", "run", "x");
  expect("deny git-read", "git", "diff", "--ext-diff");
  expect("deny tar", "tar", "-xf", "x.tar", "--checkpoint-action=exec=sh");
  expect("deny tar", "tar", "-xf", "x.tar", "--checkpoint-act=exec=sh");
  expect("deny tar", "tar", "-xf", "x.tar", "--to-command", "sh");
  expect("allow tar", "tar", "-I", "zstd", "-xf", "x.tar");
  expect("deny rsync", "rsync", "-ae", "ssh -x", "a", "b");
  expect("allow rsync", "rsync", "-a", "a", "b");
  expect("deny python", "python3", "-c", "import os");
  expect("allow python", "python3", "x.py");
});

test("a rule on any program never allows an interpreter, an editor or a pager", () => {
  const text =
    "version: 1\ncommands: {default: deny, rules: [{id: any, argv: [{any: word}], decision: allow}]}\n";
  assert.equal(ask(text, "wc", "x"), "allow any");
  for (const name of ["python3.11", "vi", "less", "node", "awk", "make"])
    assert.equal(ask(text, name, "x"), "deny any", name);
});

test("a file in the workspace is not the program whose name it has", () => {
  expect("deny git-read", "./git", "log");
  expect("deny git-read", "/w/git", "log");
  expect("allow git-read", "/usr/bin/git", "log");
  assert.equal(
    ask("version: 1\ncommands: {rules: [{id: v, argv: [vim], decision: deny}]}\n", "vi", "x"),
    "deny v",
  );
});

test("unknown options may be asked about", () => {
  expect("ask make", "make", "test", "-j4");
  expect("allow make", "make", "test");
});

test("without rules every command is allowed, and nothing is read", () => {
  const policy = toCommandPolicy(resolve("version: 1\n").commands);
  assert.equal(policy.hasRules, false);
});

test("permissive-reads allows what reads, and asks about the rest", () => {
  const profile = resolveProfile(builtIn("permissive-reads"), {
    find: () => undefined,
    projects: [],
  });
  assert.equal(ask(profile, "git", "log", "--oneline"), "allow git-read");
  assert.equal(
    ask(profile, "sh", "-c", "cat a | grep -n x | head -5"),
    "allow list-files".replace("list-files", "read-files"),
  );
  assert.equal(ask(profile, "git", "push"), "ask default");
  assert.equal(ask(profile, "sh", "-c", "cat a && rm b"), "ask default");
  assert.equal(ask(profile, "find", ".", "-delete"), "deny find");
});

const verdict = fc.constantFrom<Verdict>("allow", "ask", "deny");
const rule = fc
  .record({ decision: verdict, sub: fc.constantFrom("log", "push", undefined), unknown: verdict })
  .map(
    ({ decision, sub, unknown }): Omit<CommandRule, "id"> => ({
      argv: sub === undefined ? ["git"] : ["git", sub],
      decision,
      ...(decision === "deny"
        ? {}
        : {
            options: {
              allow: ["-a"],
              deny: ["-d"],
              unknown,
              abbreviations: "deny",
              require_end_of_options: false,
            },
          }),
      examples: { match: [], nomatch: [] },
    }),
  );

test("the order of rules never matters, and one rule more never makes a rule's decision milder", () => {
  const order: Readonly<Record<string, number>> = { allow: 0, ask: 1, deny: 2 };
  const argv = fc.constantFrom(
    ["git", "log"],
    ["git", "push", "-a"],
    ["git", "log", "-d"],
    ["git", "log", "-x"],
    ["sh", "-c", "git log; git push -x"],
  );
  fc.assert(
    fc.property(
      fc.array(rule, { minLength: 1, maxLength: 6 }),
      fc.integer(),
      argv,
      verdict,
      (list, seed, words, fallback) => {
        const rules = list.map((one, at) => ({ ...one, id: `r${at}` }));
        const turned = rules.toSorted(
          (a, b) => ((a.id.charCodeAt(1) * seed) % 7) - ((b.id.charCodeAt(1) * seed) % 7),
        );
        const decide = (of: readonly CommandRule[]) =>
          toCommandPolicy({ default: fallback, rules: of }).decide(words, facts, shell);
        const [one, other] = [decide(rules), decide(turned)];
        assert.deepEqual([one.decision, one.rule], [other.decision, other.rule]);
        const fewer = decide(rules.slice(1));
        if (fewer.rule.startsWith("r"))
          assert.ok((order[one.decision] ?? 0) >= (order[fewer.decision] ?? 0));
      },
    ),
    { numRuns: 300 },
  );
});
