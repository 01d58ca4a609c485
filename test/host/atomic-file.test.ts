import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeFileAtomic } from "../../src/host/atomic-file.js";
import { openTempDir } from "../support/temp-tree.js";

test("a file is made or replaced whole, for its owner alone unless told otherwise", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "file");
  for (const sync of [true, false]) {
    writeFileAtomic(file, "text ü", { sync });
    assert.equal(readFileSync(file, "utf8"), "text ü");
    writeFileAtomic(file, Uint8Array.of(0, 255), { sync });
    assert.deepEqual([...readFileSync(file)], [0, 255]);
  }
  writeFileAtomic(file, ["a", "b", "c"]);
  assert.equal(readFileSync(file, "utf8"), "abc");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileAtomic(file, "", { mode: 0o644 });
  assert.equal(statSync(file).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(dir.path), ["file"]);
});

test("a symlink in its place is replaced, not followed", () => {
  using dir = openTempDir();
  const [file, victim] = [path.join(dir.path, "file"), path.join(dir.path, "victim")];
  writeFileSync(victim, "old");
  symlinkSync("victim", file);
  writeFileAtomic(file, "new");
  assert.deepEqual([readFileSync(file, "utf8"), readFileSync(victim, "utf8")], ["new", "old"]);
});

test("what fails leaves the old file and no temporary one", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "file");
  writeFileAtomic(file, "old");
  function* failing(): Generator<string> {
    yield "half";
    throw new Error("no more");
  }
  assert.throws(() => writeFileAtomic(file, failing()), /no more/);
  assert.equal(readFileSync(file, "utf8"), "old");
  mkdirSync(path.join(dir.path, "taken"));
  assert.throws(() => writeFileAtomic(path.join(dir.path, "taken"), "x"), { code: "EISDIR" });
  assert.deepEqual(readdirSync(dir.path).sort(), ["file", "taken"]);
});
