import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openOutputLog, readOutput } from "../../src/store/output-log.js";
import { openTempDir } from "../support/temp-tree.js";

const CAP = 1 << 20;

function replay(dir: string): readonly string[] {
  return [...readOutput(dir)].map(({ stream, bytes }) => `${stream}:${Buffer.from(bytes)}`);
}

test("output comes back in order, each piece by its stream", () => {
  using dir = openTempDir();
  {
    using log = openOutputLog(dir.path, CAP);
    log.append("stdout", Buffer.from("one "));
    log.append("stdout", Buffer.from("two\n"));
    log.append("stderr", Buffer.from("bad\n"));
    log.append("stdout", Buffer.from("three\n"));
    assert.equal(log.truncated, false);
  }
  assert.deepEqual(replay(dir.path), ["stdout:one two\n", "stderr:bad\n", "stdout:three\n"]);
  assert.equal(readFileSync(path.join(dir.path, "output.log"), "utf8"), "one two\nbad\nthree\n");
});

test("a task without output leaves no file", () => {
  using dir = openTempDir();
  openOutputLog(dir.path, CAP)[Symbol.dispose]();
  assert.deepEqual(replay(dir.path), []);
});

test("a second run is appended", () => {
  using dir = openTempDir();
  for (const text of ["first\n", "second\n"]) {
    using log = openOutputLog(dir.path, CAP);
    log.append("stderr", Buffer.from(text));
  }
  assert.deepEqual(replay(dir.path), ["stderr:first\n", "stderr:second\n"]);
});

test("what is over the cap is left out, once and said", () => {
  using dir = openTempDir();
  {
    using log = openOutputLog(dir.path, 10);
    for (let round = 0; round < 100; round += 1) log.append("stdout", Buffer.from("1234"));
    log.append("stderr", Buffer.from("x"));
    assert.equal(log.truncated, true);
  }
  const [kept, notice, ...rest] = replay(dir.path);
  assert.equal(kept, "stdout:1234123412");
  assert.match(notice ?? "", /^notice:\n\[sandbox: the rest of the output was not kept\]\n$/);
  assert.deepEqual(rest, []);
});

test("output of a run that was killed is all there", () => {
  using dir = openTempDir();
  const log = openOutputLog(dir.path, CAP);
  log.append("stderr", Buffer.from("bad "));
  log.append("stdout", Buffer.from("rest"));
  assert.deepEqual(replay(dir.path), ["stderr:bad ", "stdout:rest"]);
  log[Symbol.dispose]();
});

test("a damaged or missing list of streams loses no output", () => {
  using dir = openTempDir();
  writeFileSync(path.join(dir.path, "output.log"), "abcdef");
  const streams = path.join(dir.path, "output.streams");
  for (const [text, pieces] of [
    ["stderr 2\nnonsense\nstdout 99999\n", ["stderr:ab", "stdout:cdef"]],
    ["stderr -1\nstderr 1e9\n", ["stdout:abcdef"]],
  ] as const) {
    writeFileSync(streams, text);
    assert.deepEqual(replay(dir.path), pieces);
  }
  rmSync(streams);
  assert.deepEqual(replay(dir.path), ["stdout:abcdef"]);
});

test("a log that cannot be written costs the task nothing", () => {
  using log = openOutputLog("/proc/no-such-directory", CAP);
  log.append("stdout", Buffer.from("x"));
  assert.equal(log.truncated, true);
});

test("a flood that changes its stream with every byte keeps a bounded list", () => {
  using dir = openTempDir();
  {
    using log = openOutputLog(dir.path, CAP);
    for (let round = 0; round < 110_000; round += 1)
      log.append(round % 2 === 0 ? "stdout" : "stderr", Buffer.from("x"));
  }
  const lines = readFileSync(path.join(dir.path, "output.streams"), "utf8").split("\n");
  assert.ok(lines.length < 100_010);
  assert.equal(readFileSync(path.join(dir.path, "output.log")).length, 110_000);
});
