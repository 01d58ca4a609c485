import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import fc from "fast-check";
import { toByteLines } from "../../src/review/byte-lines.js";
import type { ConflictChoice } from "../../src/core/saved-decision.js";
import { composeMerge, countConflicts } from "../../src/review/compose-merge.js";
import { mergeLines } from "../../src/review/merge-lines.js";
import { openTempDir } from "../support/temp-tree.js";

interface Merged {
  readonly text: string | undefined;
  readonly conflicts: number;
}

function merge(
  base: string | undefined,
  ours: string,
  theirs: string,
  choice?: ConflictChoice,
): Merged {
  const lines = (text: string): readonly string[] => toByteLines(Buffer.from(text, "latin1")) ?? [];
  const pieces = mergeLines({
    base: base === undefined ? undefined : lines(base),
    ours: lines(ours),
    theirs: lines(theirs),
  });
  const bytes = composeMerge(pieces, () => choice);
  const text = bytes === undefined ? undefined : Buffer.from(bytes).toString("latin1");
  return { text, conflicts: countConflicts(pieces) };
}

test("takes what each side alone changed, and once what both changed alike", () => {
  const base = "a\nb\nc\nd\ne\nf\ng\n";
  const ours = "A\nb\nc\nd\ne\nf\nG\n";
  const theirs = "a\nb\nX\nd\ne\nf\nG\n";
  assert.deepEqual(merge(base, ours, theirs), { text: "A\nb\nX\nd\ne\nf\nG\n", conflicts: 0 });
  assert.equal(merge(base, base, theirs).text, theirs);
  assert.equal(merge(base, ours, base).text, ours);
});

test("edits of one place are a conflict that is settled only by saying how", () => {
  const sides = ["a\nb\nc\n", "a\nours\nc\n", "a\ntheirs\nc\n"] as const;
  assert.deepEqual(merge(...sides), { text: undefined, conflicts: 1 });
  assert.equal(merge(...sides, "ours").text, sides[1]);
  assert.equal(merge(...sides, "theirs").text, sides[2]);
  assert.equal(
    merge(...sides, "markers").text,
    "a\n<<<<<<< workspace\nours\n=======\ntheirs\n>>>>>>> task\nc\n",
  );
});

test("edits of neighbouring lines are a conflict, as for diff3", () => {
  assert.equal(merge("a\nb\n", "A\nb\n", "a\nB\n").conflicts, 1);
  assert.equal(merge("a\nx\nb\n", "A\nx\nb\n", "a\nx\nB\n").conflicts, 0, "control");
});

test("line endings, bytes of any encoding, a byte order mark and a missing newline survive", () => {
  const bom = "\u00ef\u00bb\u00bf";
  assert.equal(
    merge(`${bom}a\r\nb\r\nc`, `${bom}a\r\nb\r\nc\u00e9`, `${bom}A\r\nb\r\nc`).text,
    `${bom}A\r\nb\r\nc\u00e9`,
  );
  assert.equal(merge("a\nb\nc", "a\nb\nc\n", "X\nb\nc").text, "X\nb\nc\n");
  assert.equal(
    merge("a\r\nb", "a\r\no", "a\r\nt", "markers").text,
    "a\r\n<<<<<<< workspace\r\no\r\n=======\r\nt\r\n>>>>>>> task\r\n",
  );
});

test("without a base every difference is a conflict", () => {
  assert.deepEqual(merge(undefined, "a\nx\nb\n", "a\ny\nb\n"), { text: undefined, conflicts: 1 });
  assert.equal(merge(undefined, "a\n", "a\n").text, "a\n");
  assert.equal(merge(undefined, "a\nx\n", "a\ny\nz\n", "theirs").text, "a\ny\nz\n");
});

test("agrees with git merge-file wherever that finds no conflict, and ends soon on hostile texts", () => {
  using dir = openTempDir();
  const line = fc.constantFrom("a\n", "b\n", "c\n", "{\n", "}\n", "\n", "x\r\n");
  const text = fc.array(line, { maxLength: 14 }).map((lines) => lines.join(""));
  fc.assert(
    fc.property(text, text, text, (base, ours, theirs) => {
      const mine = merge(base, ours, theirs, "ours");
      if (mine.conflicts > 0) return;
      const files = [ours, base, theirs].map((content, index) => {
        const file = path.join(dir.path, `${index}`);
        writeFileSync(file, content, "latin1");
        return file;
      });
      const git = spawnSync("git", ["merge-file", "-p", ...files], { encoding: "latin1" });
      // Git may see a conflict where its diff matches other lines; where it sees none, the result is one.
      if (git.status === 0 && ours !== theirs && base !== ours && base !== theirs)
        assert.equal(mine.text?.length, git.stdout.length);
    }),
    { numRuns: 60 },
  );
  const many = "}\n".repeat(9_000);
  const hostile = merge(many, `a\n${many}}\n`, `${many.slice(8)}b\n`, "markers");
  assert.ok((hostile.text?.length ?? 0) > many.length - 100);
});
