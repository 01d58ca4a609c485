import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toDigest } from "../../src/core/ids.js";
import { type FileHunks, toFileHunks } from "../../src/review/file-hunks.js";
import { toTextDiff } from "../../src/review/text-diff.js";

const CHANGE = toDigest("0".repeat(64));

function open(before: string, after: string): FileHunks {
  const content = { before: Buffer.from(before), after: Buffer.from(after) };
  const hunks = toFileHunks(content, CHANGE);
  assert.ok(hunks !== undefined);
  return hunks;
}

function take(hunks: FileHunks, ...numbers: readonly number[]): string {
  const chosen = hunks.hunks.filter((hunk) => numbers.includes(hunk.number));
  const edits = chosen.flatMap((hunk) => hunk.edits.map((edit) => edit.digest));
  return Buffer.from(hunks.compose(new Set(edits))).toString();
}

const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i}\n`);

test("hunks are those that diff shows, and each can be taken alone", () => {
  const before = lines(40);
  const after = before.with(2, "two\n").with(20, "twenty\n").toSpliced(38, 1);
  const hunks = open(before.join(""), after.join(""));
  const shown = toTextDiff(Buffer.from(before.join("")), Buffer.from(after.join("")));
  assert.ok(shown.kind === "text");
  assert.deepEqual(
    hunks.hunks.map(({ hunk }) => hunk),
    shown.hunks,
  );
  assert.equal(take(hunks), before.join(""));
  assert.equal(take(hunks, 2), before.with(20, "twenty\n").join(""));
  assert.equal(take(hunks, 1, 3), before.with(2, "two\n").toSpliced(38, 1).join(""));
  assert.equal(take(hunks, 1, 2, 3), after.join(""));
});

test("a hunk of several edits splits into them", () => {
  const hunks = open("a\nb\nc\nd\n", "A\nb\nc\nD\n");
  const [hunk] = hunks.hunks;
  assert.equal(hunks.hunks.length, 1);
  assert.equal(hunk?.edits.length, 2);
  const second = hunk?.edits[1]?.digest ?? CHANGE;
  assert.equal(Buffer.from(hunks.compose(new Set([second]))).toString(), "a\nb\nc\nD\n");
});

test("what diff does not show as text has no hunks", () => {
  const of = (before: Uint8Array, after: Uint8Array): unknown =>
    toFileHunks({ before, after }, CHANGE);
  assert.equal(of(Buffer.from("a\0"), Buffer.from("b")), undefined);
  assert.equal(of(Buffer.from("caf\xe9", "latin1"), Buffer.from("x")), undefined);
  assert.equal(of(Buffer.from("a"), Buffer.alloc(2 << 20, "x")), undefined);
  assert.ok(of(Buffer.from("café"), Buffer.from("x")) !== undefined, "control");
});

test("all edits give the new bytes, none the old, whatever the line endings are", () => {
  const line = fc.constantFrom("a\n", "b\r\n", "é\n", "\n", "c\r", "\ufeffd\n");
  const text = fc
    .tuple(fc.array(line), fc.constantFrom("", "end"))
    .map(([all, end]) => all.join("") + end);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const hunks = open(before, after);
      assert.equal(take(hunks, ...hunks.hunks.map(({ number }) => number)), after);
      assert.equal(take(hunks), before);
      const digests = hunks.hunks.flatMap(({ edits }) => edits.map((edit) => edit.digest));
      assert.equal(new Set(digests).size, digests.length);
    }),
  );
});
