import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openStore } from "../../src/store/open-store.js";
import { openLoopFs } from "../support/loop-fs.js";
import { deadStamp } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";
import { findBreaks } from "./find-breaks.js";

function readLines(home: string): readonly string[] {
  return readFileSync(path.join(home, "audit/log.jsonl"), "utf8").split("\n").slice(0, -1);
}

test("each entry is a numbered line that is chained to the one before", () => {
  using dir = openTempDir();
  const store = openStore({ home: path.join(dir.path, "state") });
  store.appendAudit({ event: "run.started", data: { command: ["a\nb"] } });
  store.appendAudit({ event: "run.ended" }, { durable: false });
  store.appendAudit([{ event: "one" }, { event: "two" }]);
  const lines = readLines(store.home);
  assert.deepEqual(
    lines.map((line) => [JSON.parse(line).seq, JSON.parse(line).event]),
    [
      [1, "run.started"],
      [2, "run.ended"],
      [3, "one"],
      [4, "two"],
    ],
  );
  assert.deepEqual(findBreaks(lines), []);
  const names = ["head.json", "key", "log.jsonl"];
  assert.deepEqual(readdirSync(path.join(store.home, "audit")), names);
  for (const name of names)
    assert.equal(statSync(path.join(store.home, "audit", name)).mode & 0o777, 0o600, name);
});

test("secrets are not written, and a record has a bounded size", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const token = `ghp_${"x1Y2".repeat(9)}`;
  store.appendAudit({
    event: "run.started",
    data: { command: ["curl", "--token", "abc", token], reason: `no ${token}`, password: "pw" },
  });
  store.appendAudit({ event: "long", data: { texts: Array(1000).fill("y".repeat(1000)) } });
  const [first = "", second = ""] = readLines(dir.path);
  assert.doesNotMatch(first, /abc|ghp_|pw/);
  assert.match(first, /"command":\["curl","--token","\[masked\]","\[masked\]"\]/);
  assert.deepEqual(JSON.parse(second).data, { tooLong: 1_003_011 });
});

test("a line that a writer did not finish is kept, and the next one is chained to it", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  store.appendAudit({ event: "one" });
  appendFileSync(path.join(dir.path, "audit/log.jsonl"), '{"seq":2,"at":"half');
  store.appendAudit({ event: "two" });
  const lines = readLines(dir.path);
  assert.equal(lines[1], '{"seq":2,"at":"half');
  assert.equal(JSON.parse(lines[2] ?? "").seq, 2);
  assert.deepEqual(findBreaks(lines), [1]);
});

test("a writer that died with the lock does not stop the next one", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const dead = await deadStamp();
  mkdirSync(path.join(dir.path, "audit"));
  symlinkSync(
    `${dead.pid}:${dead.startTime}:${dead.bootId}`,
    path.join(dir.path, "audit/log.lock"),
  );
  store.appendAudit({ event: "one" });
  assert.equal(readLines(dir.path).length, 1);
});

test("an entry that cannot be written is an error of one line", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  mkdirSync(path.join(dir.path, "audit/log.jsonl"), { recursive: true });
  assert.throws(() => store.appendAudit({ event: "one" }), {
    code: "unexpected",
    message: /^the audit log cannot be written: EISDIR/,
  });
});

test("of entries that do not fit on the disk none is written, and the next one is", () => {
  using disk = openLoopFs({ type: "tmpfs", sizeMiB: 3 });
  const store = openStore({ home: disk.path });
  store.appendAudit({ event: "one" });
  const before = readLines(disk.path);
  const many = Array.from({ length: 100 }, () => ({
    event: "big",
    data: { changes: ["x".repeat(60_000)] },
  }));
  assert.throws(() => store.appendAudit(many), { code: "unexpected", message: /ENOSPC/ });
  assert.deepEqual(readLines(disk.path), before);
  store.appendAudit({ event: "two" });
  assert.deepEqual(findBreaks(readLines(disk.path)), []);
  assert.equal(readLines(disk.path).length, 2);
});

test("the log is not written through a symlink", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  mkdirSync(path.join(dir.path, "audit"));
  writeFileSync(path.join(dir.path, "victim"), "");
  symlinkSync("../victim", path.join(dir.path, "audit/log.jsonl"));
  assert.throws(() => store.appendAudit({ event: "one" }), { message: /ELOOP/ });
  chmodSync(path.join(dir.path, "victim"), 0o600);
  assert.equal(readFileSync(path.join(dir.path, "victim"), "utf8"), "");
});
