import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openStore } from "../../src/store/open-store.js";
import { deadStamp } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";
import { findBreaks } from "./find-breaks.js";

function readLines(home: string): readonly string[] {
  return readFileSync(path.join(home, "audit/log.jsonl"), "utf8").split("\n").slice(0, -1);
}

test("each entry is a line that is chained to the one before", () => {
  using dir = openTempDir();
  const store = openStore({ home: path.join(dir.path, "state") });
  store.appendAudit({ event: "run.started", data: { command: ["a\nb"] } });
  store.appendAudit({ event: "run.ended" }, { durable: false });
  store.appendAudit({ event: "long", data: { text: "x".repeat(200_000) } });
  store.appendAudit({ event: "last" });
  const lines = readLines(store.home);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).event),
    ["run.started", "run.ended", "long", "last"],
  );
  assert.deepEqual(findBreaks(lines), []);
  assert.deepEqual(readdirSync(path.join(store.home, "audit")), ["log.jsonl"]);
});

test("a line that was edited or cut out breaks the chain", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  for (const event of ["one", "two", "three"]) store.appendAudit({ event });
  const lines = readLines(dir.path);
  assert.deepEqual(findBreaks(lines), []);
  assert.deepEqual(findBreaks(lines.map((line) => line.replace("two", "TWO"))), [2]);
  assert.deepEqual(findBreaks(lines.filter((line) => !line.includes("two"))), [1]);
});

test("a line that a writer did not finish is kept, and the next one is chained to it", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  store.appendAudit({ event: "one" });
  appendFileSync(path.join(dir.path, "audit/log.jsonl"), '{"at":"half');
  store.appendAudit({ event: "two" });
  const lines = readLines(dir.path);
  assert.equal(lines[1], '{"at":"half');
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

test("an entry that cannot be written is an error", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  mkdirSync(path.join(dir.path, "audit/log.jsonl"), { recursive: true });
  assert.throws(() => store.appendAudit({ event: "one" }), { code: "EISDIR" });
});

test("the log is not written through a symlink", () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  mkdirSync(path.join(dir.path, "audit"));
  writeFileSync(path.join(dir.path, "victim"), "");
  symlinkSync("../victim", path.join(dir.path, "audit/log.jsonl"));
  assert.throws(() => store.appendAudit({ event: "one" }), { code: "ELOOP" });
  chmodSync(path.join(dir.path, "victim"), 0o600);
  assert.equal(readFileSync(path.join(dir.path, "victim"), "utf8"), "");
});
