import assert from "node:assert/strict";
import { test } from "node:test";
import { openShellParser } from "../../src/policy/commands/open-shell-parser.js";
import { readShellGrammar } from "./shell-grammar.js";

const shell = await openShellParser(readShellGrammar());

function wordsOf(script: string): readonly (readonly (string | null)[])[] | string {
  const parsed = shell.parse(script);
  if ("unclear" in parsed) return parsed.unclear;
  return parsed.map(({ words }) => words.map((word) => word ?? null));
}

test("every command of a script is found, wherever it stands", () => {
  const cases: readonly [string, readonly (readonly (string | null)[])[]][] = [
    ["a; b & c && d || e | f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]],
    ['a $(b `c`) "$(d)" <(e)', [["a", null, null, null], ["b", null], ["c"], ["d"], ["e"]]],
    [
      "x=$(a) b; y=$((1+$(c)))",
      [["b"], ["a"], ["c"]].toSorted((p, q) => (p[0] === "b" && q[0] === "a" ? -1 : 0)),
    ],
    ["if a; then b; elif c; then d; else e; fi", [["a"], ["b"], ["c"], ["d"], ["e"]]],
    [
      "for i in 1; do a $i; done; while b; do c; done; until d; do e; done",
      [["a", null], ["b"], ["c"], ["d"], ["e"]],
    ],
    ["case $x in a|b) c;; *) d;; esac", [["c"], ["d"]]],
    ["(a; { b; }); ! c", [["a"], ["b"], ["c"]]],
    ["a <<E\n$(b)\nE\nd", [["a"], ["b"], ["d"]]],
    ["a <<'E'\n$(b)\nE\n", [["a"]]],
    ["echo ${" + "x:-$(a)}", [["echo", null], ["a"]]],
    ["# a\n\n", []],
  ];
  for (const [script, words] of cases) assert.deepEqual(wordsOf(script), words, script);
});

test("words are what the program gets; what only the shell knows is not guessed", () => {
  const [first] = wordsOf(
    'a \'b c\' "d \\" e" f\\ g h\'i\'"j" -k=1 2 l#m \\n',
  ) as readonly string[][];
  assert.deepEqual(first, ["a", "b c", 'd " e', "f g", "hij", "-k=1", "2", "l#m", "n"]);
  const [second] = wordsOf('a $b "$c" *.d e? {f,g} ~/h $\'i\' "j$(k)" [l]') as readonly string[][];
  assert.deepEqual(
    second?.slice(1).every((word) => word === null),
    true,
  );
});

test("what does not parse, what two grammars read differently and what redefines words is unclear", () => {
  for (const script of [
    "a )",
    "a 'b",
    "if a; then",
    "f() { a; }; f",
    "function f { a; }",
    "coproc a",
    "r\\\nm x y\\\nz",
    "time a",
    "a\0b",
    "a\rb",
    "x".repeat(70_000),
  ])
    assert.equal(typeof wordsOf(script), "string", script);
});

test("variables that are set and files that are opened are seen", () => {
  const parsed = shell.parse("A=1 b > c; export D=2; e 2>&1 >> f < g");
  assert.ok(!("unclear" in parsed));
  assert.deepEqual(
    parsed.map(({ redirects }) => redirects),
    [["c"], [], ["f", "g"]],
  );
  assert.deepEqual(parsed[0]?.assignments, ["A", "D"]);
});
