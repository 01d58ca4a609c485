import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeName } from "../../src/core/path.js";
import { quoteGitPath } from "../../src/review/git-quote.js";
import {
  hasHiddenCharacter,
  neutralise,
  neutraliseContent,
  neutraliseName,
} from "../../src/review/neutralise.js";

const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const bytes = fc.uint8Array({ maxLength: 60 });
const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  bytes.map((raw) => decodeName(raw)),
  fc
    .array(fc.constantFrom("\x1b[2J", "\u202e", "\u200b", "\r", "\x9b", "\udc9b", "a", "\\", '"'))
    .map((parts) => parts.join("")),
);

test("shows escapes, bidi overrides, zero width and raw bytes", () => {
  assert.equal(neutralise("a\x1b[31mb"), "a\\x1b[31mb");
  assert.equal(neutralise("x\u202egpj.exe"), "x\\u202egpj.exe");
  assert.equal(neutralise("a\u200bb\ufeff"), "a\\u200bb\\ufeff");
  assert.equal(neutralise(decodeName(Uint8Array.of(0x61, 0xff, 0x62))), "a\\xffb");
  assert.equal(neutralise("\x7f\x85\u2028"), "\\x7f\\u0085\\u2028");
  assert.equal(neutralise("\u{e0041}"), "\\u{e0041}");
});

test("leaves what can be seen as it is", () => {
  for (const text of ["plain", "größe", "日本語", "👍", "a\\b", "naïve — “quoted”"])
    assert.equal(neutralise(text), text);
});

test("content keeps its newlines and tabs, and nothing else that moves", () => {
  assert.equal(neutraliseContent("a\tb\nc\rd\x07"), "a\tb\nc\\rd\\x07");
});

test("a name is quoted only where it needs it", () => {
  assert.equal(neutraliseName("src/a b.ts"), "src/a b.ts");
  assert.equal(neutraliseName("a\nb"), '"a\\nb"');
  assert.equal(neutraliseName(" a"), '" a"');
  assert.equal(neutraliseName("a "), '"a "');
  assert.equal(neutraliseName('say "hi"'), '"say \\"hi\\""');
  assert.equal(neutraliseName("back\\slash"), '"back\\\\slash"');
  assert.equal(neutraliseName("a\u00a0b"), '"a\\u00a0b"');
});

test("nothing that comes out can move a cursor or hide", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      assert.doesNotMatch(neutralise(text), DANGEROUS);
      assert.doesNotMatch(neutraliseName(text), DANGEROUS);
      assert.doesNotMatch(quoteGitPath(text), DANGEROUS);
      assert.doesNotMatch(neutraliseContent(text).replace(/[\n\t]/g, ""), DANGEROUS);
    }),
  );
});

test("two names never look the same", () => {
  fc.assert(
    fc.property(bytes, bytes, (one, other) => {
      const names = [decodeName(one), decodeName(other)] as const;
      const shown = names.map(neutraliseName);
      assert.equal(shown[0] === shown[1], names[0] === names[1]);
    }),
  );
  assert.notEqual(neutraliseName("\x1b"), neutraliseName("\\x1b"));
  assert.notEqual(neutraliseName("\u0085"), neutraliseName("\udc85"));
});

test("knows a name that shows as something else", () => {
  assert.equal(hasHiddenCharacter("a\u202eb"), true);
  assert.equal(hasHiddenCharacter("größe 1"), false);
});
