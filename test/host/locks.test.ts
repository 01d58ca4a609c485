import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { lock, tryLock } from "../../src/host/file-lock.js";
import { openNative } from "../../src/host/native.js";
import { withOwnerLock } from "../../src/host/owner-lock.js";
import { isAlive, readProcessStamp } from "../../src/host/process-stamp.js";
import { deadStamp, ownStamp } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

const native = openNative();
const WORKER = fileURLToPath(new URL("./lock-worker.js", import.meta.url));

test("a stamp is of one process: not of a later one with its number, not of another boot", async () => {
  const own = ownStamp();
  assert.equal(own.pid, process.pid);
  assert.equal(isAlive(own), true);
  assert.equal(isAlive({ ...own, startTime: "1" }), false);
  assert.equal(isAlive({ ...own, bootId: "x" }), false);
  assert.equal(isAlive(await deadStamp()), false);
  assert.equal(readProcessStamp(2 ** 22 + 1), undefined);
});

test("the stamp of a process whose name looks like its fields is right", async () => {
  using dir = openTempDir();
  const script = path.join(dir.path, ") R 1 2 3 (");
  writeFileSync(script, "#!/bin/sh\nread x\n", { mode: 0o755 });
  const child = spawn(script, { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  const stamp = readProcessStamp(child.pid);
  assert.match(stamp?.startTime ?? "", /^\d{3,}$/);
  child.stdin.end();
  await once(child, "exit");
  assert.ok(stamp && !isAlive(stamp));
});

test("a lock on a directory or a file keeps others out until it is let go, and leaves nothing in the directory", () => {
  using dir = openTempDir();
  {
    using held = tryLock(native, dir.path, { directory: true });
    assert.ok(held);
    assert.equal(tryLock(native, dir.path, { directory: true }), undefined);
  }
  using again = tryLock(native, dir.path, { directory: true });
  assert.ok(again);
  const file = path.join(dir.path, "lock");
  using first = tryLock(native, file);
  assert.ok(first && existsSync(file));
  assert.equal(tryLock(native, file), undefined);
});

test("a lock is not taken through a symlink", () => {
  using dir = openTempDir();
  mkdirSync(path.join(dir.path, "real"));
  symlinkSync("real", path.join(dir.path, "link"));
  symlinkSync("/nowhere/file", path.join(dir.path, "dangling"));
  assert.throws(() => tryLock(native, path.join(dir.path, "link"), { directory: true }), {
    code: "ENOTDIR",
  });
  assert.throws(() => tryLock(native, path.join(dir.path, "dangling")), { code: "ELOOP" });
});

test("waiting ends with the lock, with the time, or with the signal", async () => {
  using dir = openTempDir();
  const at = { directory: true, timeoutMs: 60_000 };
  const held = tryLock(native, dir.path, at);
  await assert.rejects(lock(native, dir.path, { ...at, timeoutMs: 1 }), {
    code: "busy",
    message: new RegExp(dir.path),
  });
  const stop = new AbortController();
  const stopped = lock(native, dir.path, { ...at, abort: stop.signal, onWait: () => stop.abort() });
  await assert.rejects(stopped, { name: "AbortError" });
  const waiting = lock(native, dir.path, { ...at, onWait: () => held?.[Symbol.dispose]() });
  using got = await waiting;
  assert.ok(got);
});

test("an owner's lock is let go also when the work fails", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "lock");
  assert.equal(
    withOwnerLock(file, { timeoutMs: 1000 }, () => existsSync("/") && 7),
    7,
  );
  assert.throws(
    () =>
      withOwnerLock(file, { timeoutMs: 1000 }, () => {
        throw new Error("no");
      }),
    /no/,
  );
  assert.deepEqual(
    withOwnerLock(file, { timeoutMs: 1000 }, () => "again"),
    "again",
  );
});

test("a lock that a living owner holds is waited for, then busy; what is no owner's is never removed", () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "lock");
  const { pid, startTime, bootId } = ownStamp();
  for (const target of [`${pid}:${startTime}:${bootId}`, "something else"]) {
    symlinkSync(target, file);
    assert.throws(() => withOwnerLock(file, { timeoutMs: 10 }, () => 1), { code: "busy" });
    assert.equal(readlinkSync(file), target);
    unlinkSync(file);
  }
});

test("many processes that find a dead owner's lock still have it one at a time", async () => {
  using dir = openTempDir();
  const file = path.join(dir.path, "lock");
  const counter = path.join(dir.path, "counter");
  writeFileSync(counter, "0");
  const dead = await deadStamp();
  symlinkSync(`${dead.pid}:${dead.startTime}:${dead.bootId}`, file);
  const workers = Array.from({ length: 8 }, () =>
    spawn(process.execPath, [WORKER, file, counter, "25"], { stdio: "inherit" }),
  );
  for (const [code] of await Promise.all(workers.map((worker) => once(worker, "exit"))))
    assert.equal(code, 0);
  assert.equal(readFileSync(counter, "utf8"), "200");
});
