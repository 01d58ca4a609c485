import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { toDigest } from "../../src/core/ids.js";
import { sha256Hex } from "../../src/host/sha256.js";
import { appendBases, readBase } from "../../src/store/base-pack.js";
import { openTempDir } from "../support/temp-tree.js";

const ROOM = { maxBytes: 1 << 20 };

function content(text: string): { digest: ReturnType<typeof toDigest>; bytes: Buffer } {
  const bytes = Buffer.from(text, "latin1");
  return { digest: toDigest(sha256Hex(bytes)), bytes };
}

test("keeps contents by digest, each once, and adds to what is there", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "bases");
  const [a, b, empty] = [content("a\nb\xff"), content("sha256:0 1\nx"), content("")];
  assert.equal(readBase(file, a.digest), undefined);
  assert.equal(appendBases(file, [a, b, a, empty], ROOM), 0);
  const size = readFileSync(file).length;
  assert.equal(appendBases(file, [b, a], ROOM), 0);
  assert.equal(readFileSync(file).length, size);
  for (const one of [a, b, empty])
    assert.deepEqual(Buffer.from(readBase(file, one.digest) ?? "none"), one.bytes);
  assert.equal(readBase(file, content("other").digest), undefined);
});

test("leaves out what has no room, and says how much", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "bases");
  const big = content("x".repeat(400));
  assert.equal(appendBases(file, [big, content("y".repeat(400))], { maxBytes: 600 }), 1);
  assert.ok(readBase(file, big.digest) !== undefined);
  assert.ok(readFileSync(file).length <= 600);
});

test("an end that was cut short is as if it had not been written", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "bases");
  const [a, b] = [content("first"), content("second")];
  appendBases(file, [a], ROOM);
  appendFileSync(file, `${b.digest} 6\nsec`);
  assert.equal(readBase(file, b.digest), undefined);
  assert.ok(readBase(file, a.digest) !== undefined);
  appendBases(file, [b], ROOM);
  assert.deepEqual(Buffer.from(readBase(file, b.digest) ?? ""), b.bytes);
});

test("content that is not what its digest says is not given", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "bases");
  const a = content("first");
  appendBases(file, [a], ROOM);
  writeFileSync(file, readFileSync(file, "latin1").replace("first", "tsrif"));
  assert.equal(readBase(file, a.digest), undefined);
  assert.ok(existsSync(file), "control");
});
