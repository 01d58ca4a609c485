import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { openStore } from "../../src/store/open-store.js";
import { toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";
import { findBreaks } from "./find-breaks.js";

const WORKER = fileURLToPath(new URL("./store-worker.js", import.meta.url));

interface Worker {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

/** Processes that have started and wait for the word to go. */
async function startWorkers(count: number, args: readonly string[]): Promise<readonly Worker[]> {
  const workers = Array.from({ length: count }, () => {
    const child = spawn(process.execPath, [WORKER, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  for (const { lines } of workers) assert.equal((await lines.next()).value, "ready");
  return workers;
}

/** Lets all go at once; what each of them said after that. */
async function race(workers: readonly Worker[]): Promise<readonly string[]> {
  const exits = workers.map(({ child }) => once(child, "exit"));
  for (const { child } of workers) child.stdin?.write("go\n");
  const said = await Promise.all(
    workers.map(async ({ lines }) => (await lines.next()).value ?? ""),
  );
  for (const [code] of await Promise.all(exits)) assert.equal(code, 0);
  return said;
}

test("of twenty processes that want one name exactly one gets it", async () => {
  using dir = openTempDir();
  const home = path.join(dir.path, "state");
  const said = await race(await startWorkers(20, ["name", home, "same"]));
  assert.equal(said.filter((line) => line.startsWith("won ")).length, 1);
  assert.equal(said.filter((line) => line === "lost usage").length, 19);
  assert.equal(readdirSync(path.join(home, "sessions")).length, 1);
  assert.equal(existsSync(path.join(home, "names.lock")), false);
});

test("a reader never sees half a record, however many write it", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const { session } = store.createSession(toDraft());
  const workers = await startWorkers(4, ["update", dir.path, session, "150"]);
  let racing = true;
  const end = race(workers).finally(() => {
    racing = false;
  });
  let seen = 0;
  for (; racing; seen += 1) {
    const { reason } = await store.readSession(session);
    if (reason !== undefined) assert.equal(new Set(reason.trim().split(" ")).size, 1);
    await new Promise(setImmediate);
  }
  await end;
  assert.ok(seen > 0);
  assert.deepEqual(readdirSync(store.sessionDir(session)), ["session.json"]);
});

test("entries of many writers are all in the log, in one chain", async () => {
  using dir = openTempDir();
  await race(await startWorkers(6, ["audit", dir.path, "40"]));
  const lines = readFileSync(path.join(dir.path, "audit/log.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1);
  assert.equal(lines.length, 240);
  assert.deepEqual(findBreaks(lines), []);
});

test("questions that many processes ask at once are asked once each", async () => {
  using dir = openTempDir();
  const said = await race(await startWorkers(6, ["ask", dir.path, "15"]));
  assert.equal(
    said.reduce((sum, fresh) => sum + Number(fresh), 0),
    15,
  );
  using ledger = openLedger(dir.path);
  assert.equal(ledger.approvals.list().length, 15);
});

test("a ledger that another process is just making is waited for", async () => {
  using dir = openTempDir();
  const said = race(await startWorkers(1, ["reserve", dir.path, "300"]));
  using ledger = openLedger(dir.path);
  assert.deepEqual(ledger.approvals.list(), []);
  assert.deepEqual(await said, ["released"]);
});
