import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { BaseState, Change, FileType } from "../../src/core/change.js";
import { parseRelPath } from "../../src/core/path.js";
import type { Profile, Verdict } from "../../src/core/profile.js";
import type { RiskId } from "../../src/core/risk.js";
import { judgeChanges } from "../../src/policy/profile/judge-changes.js";
import { digestOf } from "../support/session-draft.js";
import { resolve } from "./profile-case.js";

type Kind = Change["kind"];

function change(path: string, kind: Kind = "add", type: FileType = "file"): Change {
  const state = { type, mode: 0o644, uid: 5, gid: 5, size: 0, mtimeNs: "0" };
  const before: BaseState = { ...state, ctimeNs: "0", ino: "1", dev: "1", nlink: 1 };
  return {
    workspace: 0,
    path: parseRelPath(path),
    kind,
    ...(kind === "add" ? {} : { before }),
    ...(kind === "delete" ? {} : { after: { ...state, upper: { ino: "1", ctimeNs: "1" } } }),
    digest: digestOf("a"),
  };
}

function judge(
  profile: Profile | string,
  ...changes: readonly (Change | readonly [Change, RiskId])[]
): readonly string[] {
  const items = changes.map((one) => {
    const [of, ...ids] = Array.isArray(one) ? (one as readonly [Change, RiskId]) : [one as Change];
    return { change: of, risks: ids.map((id) => ({ id, level: "high" as const, reason: id })) };
  });
  const resolved = typeof profile === "string" ? resolve(`version: 1\n${profile}`) : profile;
  return judgeChanges(resolved, items).map(({ decision, rule }) => `${decision} ${rule}`);
}

test("scope: in it asks, outside it is asked about or denied, what is denied is denied", () => {
  const text = 'scope: {commit: ["src/**"], deny: ["**/*.pem"], outside: deny}';
  assert.deepEqual(
    judge(text, change("src/a"), change("lib/a"), change("src/x.pem"), change("src/x.pem/y")),
    ["ask builtin:default", "deny scope.commit", "deny scope.deny", "deny scope.deny"],
  );
  assert.deepEqual(judge(text.replace("outside: deny", "outside: ask"), change("lib/a")), [
    "ask builtin:default",
  ]);
});

test("a new directory is in scope where something in scope could lie in it; one that goes is not", () => {
  const text = 'scope: {commit: ["a/*/src/**"], outside: deny}';
  assert.deepEqual(
    judge(
      text,
      change("a", "add", "dir"),
      change("a/b", "add", "dir"),
      change("a/b", "delete", "dir"),
      change("c", "add", "dir"),
    ),
    ["ask builtin:default", "ask builtin:default", "deny scope.commit", "deny scope.commit"],
  );
});

test("rules on changes: all that is given must fit, and the strictest counts", () => {
  const text =
    'changes:\n  - {match: "docs/**", kinds: [add, modify], decision: allow}\n  - {match: "docs/secret", decision: deny}\n  - {risk: escaping-link, decision: deny}\n';
  assert.deepEqual(
    judge(
      text,
      change("docs/a"),
      change("docs/a", "delete"),
      change("docs/secret"),
      [change("docs/l"), "escaping-link"],
      change("x"),
    ),
    [
      "allow changes[0]",
      "ask builtin:default",
      "deny changes[1]",
      "deny changes[2]",
      "ask builtin:default",
    ],
  );
});

test("what runs later asks even where its path is allowed, unless a rule on that risk allows it", () => {
  const text = 'changes: [{match: "**", decision: allow}]';
  assert.deepEqual(judge(text, [change("Makefile"), "runs-later"]), ["ask builtin:runs-later"]);
  assert.deepEqual(
    judge("changes: [{risk: runs-later, decision: allow}]", [change("Makefile"), "runs-later"]),
    ["allow changes[0]"],
  );
});

test("no profile allows what raises rights, forged marks, or the project's own profile", () => {
  const text = 'changes: [{match: "**", decision: allow}, {risk: raises-rights, decision: allow}]';
  assert.deepEqual(
    judge(
      text,
      [change("a"), "raises-rights"],
      [change("b"), "forged-mark"],
      change(".sandbox.yaml"),
      change("c/.sandbox.yaml"),
    ),
    [
      "deny builtin:raises-rights",
      "deny builtin:forged-mark",
      "deny builtin:project-profile",
      "allow changes[0]",
    ],
  );
});

test("paths that are hidden, readable only or scratch are not committed, also where they came to be later", () => {
  const text =
    'paths: [{path: ".env*", mode: hidden}, {path: dist, mode: scratch}, {path: lib, mode: readonly}]';
  assert.deepEqual(
    judge(text, change(".env.local"), change("dist/a/b"), change("lib/x"), change("src")),
    ["deny paths[1]", "deny paths[2]", "deny paths[3]", "ask builtin:default"],
  );
});

test("a directory does not go while something in it is denied", () => {
  const text = 'scope: {deny: ["**/*.pem"]}';
  assert.deepEqual(
    judge(
      text,
      change("a", "delete", "dir"),
      change("a/k.pem", "delete"),
      change("a/x", "delete"),
      change("b", "delete", "dir"),
    ),
    ["deny builtin:holds-denied", "deny scope.deny", "ask builtin:default", "ask builtin:default"],
  );
});

test("the order of rules never matters, and a project's file never makes a decision milder", () => {
  const order: Readonly<Record<string, number>> = { allow: 0, ask: 1, deny: 2 };
  const rule = fc.record({
    match: fc.constantFrom("**", "a/**", "*", "a/b"),
    decision: fc.constantFrom<Verdict>("allow", "ask", "deny"),
  });
  const tighter = fc.record({
    match: fc.constantFrom("**", "a/**", "a/b"),
    decision: fc.constantFrom<Verdict>("ask", "deny"),
  });
  const risk = fc.constantFrom<RiskId>("runs-later", "odd-name", "raises-rights");
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 5 }),
      fc.array(tighter, { maxLength: 3 }),
      fc.constantFrom("a", "a/b", "c/d"),
      risk,
      (rules, more, path, id) => {
        const base = resolve("version: 1\n");
        const of = (changes: Profile["changes"]): string =>
          judge({ ...base, changes }, [change(path), id])[0] ?? "";
        const [one, turned] = [of(rules), of(rules.toReversed())];
        assert.equal(one.split(" ")[0], turned.split(" ")[0]);
        const tightened = of([...rules, ...more]);
        assert.ok(
          (order[tightened.split(" ")[0] ?? ""] ?? 0) >= (order[one.split(" ")[0] ?? ""] ?? 0),
        );
      },
    ),
    { numRuns: 300 },
  );
});
