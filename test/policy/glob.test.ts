import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  coversPath,
  type Glob,
  matchesGlob,
  mayHold,
  parseGlob,
} from "../../src/policy/profile/glob.js";

function glob(text: string): Glob {
  const parsed = parseGlob(text);
  assert.ok(!("wrong" in parsed), text);
  return parsed;
}

test("a glob is anchored; * and ? stay within a name, ** crosses directories", () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ["src/**", ["src", "src/a", "src/a/b.ts"], ["lib/src/a", "srcx", ""]],
    ["**/*.pem", ["a.pem", "x/y/a.pem", "x/.pem"], ["a.pem/x", "a.pemx"]],
    [".env*", [".env", ".env.local"], ["a/.env", "env"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "a/b/c"]],
    ["*", ["a", ".git"], ["a/b", ""]],
    ["**", ["", "a", "a/b"], []],
    [".", [""], ["a"]],
    ["f?o*r", ["fooor", "foor", "foobar"], ["for", "foo"]],
    ["*ab*ab", ["abab", "xabyab"], ["ab", "aba"]],
  ];
  for (const [text, yes, no] of cases) {
    for (const path of yes) assert.equal(matchesGlob(glob(text), path), true, `${text} ${path}`);
    for (const path of no) assert.equal(matchesGlob(glob(text), path), false, `${text} ${path}`);
  }
});

test("refuses a glob that can never match, with the reason", () => {
  for (const text of ["/etc", "a/", "a//b", "../x", "a/./b", "**.pem", "[ab]", "{a,b}", "a\\b", ""])
    assert.ok("wrong" in parseGlob(text), text);
});

test("a directory may hold what a glob says exactly where something below it could match", () => {
  assert.equal(mayHold(glob("packages/*/src/**"), "packages/a"), true);
  assert.equal(mayHold(glob("packages/*/src/**"), "lib"), false);
  assert.equal(mayHold(glob("**/*.pem"), "any/where"), true);
  assert.equal(coversPath(glob(".git"), ".git/hooks/x"), true);
  assert.equal(coversPath(glob(".git"), "a/.git"), false);
});

test("matching agrees with a regular expression for any name", () => {
  const piece = fc.constantFrom("a", "b", "*", "?", ".");
  const name = fc.array(fc.constantFrom("a", "b", "."), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), name, (pattern, letters) => {
      const parsed = parseGlob(pattern.join(""));
      fc.pre(!("wrong" in parsed));
      const source = pattern
        .map((part) =>
          part === "*" ? "[^/]*" : part === "?" ? "[^/]" : part === "." ? "\\." : part,
        )
        .join("");
      fc.pre(parsed.parts[0] !== "**");
      return (
        matchesGlob(parsed, letters.join("")) ===
          new RegExp(`^${source}$`).test(letters.join("")) || pattern.join("") === "."
      );
    }),
  );
});
