import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toDigest } from "../../src/core/ids.js";
import { isAnswered, isApproval } from "../../src/core/saved-decision.js";
import { type FileHunks, toFileHunks } from "../../src/review/file-hunks.js";
import {
  answerPart,
  type HunkWalk,
  keysOf,
  startWalk,
  toWalkDecision,
  type WalkKey,
} from "../../src/review/walk-hunks.js";

const CHANGE = toDigest("0".repeat(64));
const BEFORE = Array.from({ length: 40 }, (_, i) => `line ${i}\n`);
const AFTER = BEFORE.with(2, "two\n").with(4, "four\n").with(20, "twenty\n").with(38, "last\n");
const FILE: FileHunks =
  toFileHunks(
    { before: Buffer.from(BEFORE.join("")), after: Buffer.from(AFTER.join("")) },
    CHANGE,
  ) ?? assert.fail();

function start(o: { hasMetadata?: boolean; runsLater?: boolean } = {}): HunkWalk {
  const { hasMetadata = false, runsLater = false } = o;
  return startWalk({ change: CHANGE, hunks: FILE.hunks, hasMetadata, runsLater });
}

function play(walk: HunkWalk, keys: string): HunkWalk {
  let at = walk;
  for (const key of keys) at = answerPart(at, key as WalkKey) ?? assert.fail(`${key} of ${keys}`);
  return at;
}

function label(walk: HunkWalk): string | undefined {
  const [part] = walk.parts;
  return part?.kind === "lines" ? part.label : part?.kind;
}

function compose(walk: HunkWalk): string {
  return Buffer.from(FILE.compose(new Set(walk.taken))).toString();
}

test("each key answers what it says, in order", () => {
  assert.equal(label(start()), "1");
  assert.equal(compose(play(start(), "nyn")), BEFORE.with(20, "twenty\n").join(""));
  assert.equal(
    compose(play(start(), "na")),
    AFTER.with(2, "line 2\n").with(4, "line 4\n").join(""),
  );
  assert.equal(compose(play(start(), "yd")), BEFORE.with(2, "two\n").with(4, "four\n").join(""));
  assert.equal(label(play(start(), "sy")), "1.2");
  assert.equal(compose(play(start(), "snyd")), BEFORE.with(4, "four\n").join(""));
  assert.equal(answerPart(play(start(), "n"), "s"), undefined, "one edit cannot be split");
  assert.equal(answerPart(play(start(), "nnn"), "y"), undefined, "nothing is left");
});

test("all is an approval of the change, nothing a rejection, some the edits", () => {
  assert.deepEqual(toWalkDecision(play(start(), "a")), { change: CHANGE, verdict: "approve" });
  assert.deepEqual(toWalkDecision(play(start(), "nd")), { change: CHANGE, verdict: "reject" });
  const some = toWalkDecision(play(start(), "nyn"));
  assert.ok(some?.verdict === "edits" && some.unanswered === undefined && some.edits.length === 1);
  assert.equal(toWalkDecision(start({ hasMetadata: true })), undefined, "nothing was answered");
});

test("a new mode is asked about by itself, and lines do not bring it", () => {
  const walk = start({ hasMetadata: true });
  assert.equal(label(walk), "metadata");
  const lines = toWalkDecision(play(walk, "na"));
  assert.ok(lines?.verdict === "edits" && !lines.metadata && lines.edits.length === 4);
  const mode = toWalkDecision(play(walk, "yd"));
  assert.ok(mode?.verdict === "edits" && mode.metadata && mode.edits.length === 0);
  assert.deepEqual(toWalkDecision(play(walk, "ya")), { change: CHANGE, verdict: "approve" });
});

test("what runs later is never taken by `a`", () => {
  const walk = start({ runsLater: true });
  assert.deepEqual(keysOf(walk), ["y", "n", "d", "s"]);
  assert.equal(answerPart(walk, "a"), undefined);
  assert.deepEqual(toWalkDecision(play(walk, "yyy")), { change: CHANGE, verdict: "approve" });
});

test("an answer that was left in the middle approves only what was answered yes", () => {
  const none = toWalkDecision(play(start(), "n")) ?? assert.fail();
  assert.deepEqual([isApproval(none), isAnswered(none)], [false, false]);
  const one = toWalkDecision(play(start(), "sy")) ?? assert.fail();
  assert.deepEqual([isApproval(one), isAnswered(one)], [true, false]);
  const whole = toWalkDecision(play(start(), "ynn")) ?? assert.fail();
  assert.deepEqual([isApproval(whole), isAnswered(whole)], [true, true]);
});

test("left anywhere and gone on with, the answers are those of a walk in one go", () => {
  const keys = fc.array(fc.constantFrom<WalkKey>("y", "n", "s", "y", "n", "a", "d"), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(keys, fc.boolean(), (typed, hasMetadata) => {
      const facts = { change: CHANGE, hunks: FILE.hunks, hasMetadata, runsLater: false };
      let straight = startWalk(facts);
      let resumed = startWalk(facts);
      for (const key of typed) {
        straight = answerPart(straight, key) ?? straight;
        // A split is not saved: it would be asked for again.
        resumed = answerPart(resumed, key) ?? resumed;
        const decision = toWalkDecision(resumed);
        if (key !== "s" && decision !== undefined && !isAnswered(decision))
          resumed = startWalk(facts, decision);
      }
      const texts = (walk: HunkWalk): unknown => ({ text: compose(walk), mode: walk.metadata });
      assert.deepEqual(
        resumed.parts.map(({ kind }) => kind),
        straight.parts.map(({ kind }) => kind),
      );
      assert.deepEqual(texts(resumed), texts(straight));
    }),
  );
});
