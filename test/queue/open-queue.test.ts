import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { ActionDraft, ActionRecord } from "../../src/core/action.js";
import type { QueueOptions } from "../../src/controller/queue/open-queue.js";
import { openQueue } from "../../src/controller/queue/open-queue.js";
import { openLedger } from "../../src/store/ledger/open-ledger.js";
import { openTempDir } from "../support/temp-tree.js";

function toDraft(name: string, more: Partial<ActionDraft> = {}): ActionDraft {
  const options = {
    dirs: [],
    env: [],
    readOnly: [],
    hide: [],
    tools: [],
    commit: "never",
  } as const;
  return {
    request: { kind: "run", cwd: "/", path: "/bin", command: [name], ...options },
    submitter: "user:1",
    priority: 0,
    keys: [],
    ...more,
  };
}

/** A queue whose actions are carried out by the test: each call waits until the test ends it. */
function openCase(home: string, capacity = 2) {
  const ledger = openLedger(home);
  const begun: string[] = [];
  const ends = new Map<string, (exit: number) => void>();
  const carryOut: QueueOptions["carryOut"] = async (request, { signal }) => {
    const name = request.kind === "run" ? (request.command[0] ?? "") : request.kind;
    begun.push(name);
    const exit = await new Promise<number>((resolve) => {
      ends.set(name, resolve);
      signal.addEventListener("abort", () => resolve(143));
    });
    return { exit };
  };
  const queue = openQueue({
    ...{ actions: ledger.actions, carryOut },
    capacity: { cpus: capacity, memory: capacity },
    weigh: () => ({ cpus: 1, memory: 1 }),
    onError: (error) => assert.fail(String(error)),
  });
  // The queue's own timers keep no process alive: a service has its sockets for that.
  const alive = setInterval(() => undefined, 60_000);
  const untilOver = async (id: string): Promise<ActionRecord> => {
    for (;;) {
      const known = ledger.actions.list({}).find(({ action }) => action === id);
      if (known !== undefined && known.endedAt !== undefined) return known;
      await once(queue.changes, "change");
    }
  };
  const close = async (): Promise<void> => {
    await queue.close(0);
    clearInterval(alive);
    ledger[Symbol.dispose]();
  };
  return {
    [Symbol.dispose]: () => clearInterval(alive),
    close,
    ledger,
    queue,
    begun,
    untilOver,
    end: (name: string, exit = 0) => ends.get(name)?.(exit),
  };
}

test("what was running when the queue was lost is interrupted, what waited goes on, nothing twice", async () => {
  using dir = openTempDir();
  using first = openCase(dir.path);
  const ids: string[] = [];
  for (const name of ["a", "b", "c", "d"])
    ids.push((await first.queue.submit(toDraft(name))).action);
  assert.deepEqual(first.begun, ["a", "b"]);
  first.end("a");
  assert.equal((await first.untilOver(ids[0] ?? "")).state, "done");
  while (first.begun.length < 3) await once(first.queue.changes, "change");
  // The process is gone now, as far as the ledger can tell: b and c were running.
  using second = openCase(dir.path);
  while (second.begun.length < 1) await once(second.queue.changes, "change");
  assert.deepEqual(second.begun, ["d"]);
  second.end("d");
  await second.untilOver(ids[3] ?? "");
  const states = second.ledger.actions.list({}).map(({ state }) => state);
  assert.deepEqual(states, ["done", "interrupted", "interrupted", "done"]);
  // The lost one wakes up late: its end no longer counts.
  first.end("b");
  await new Promise(setImmediate);
  assert.equal(second.ledger.actions.list({})[1]?.state, "interrupted");
  await second.close();
  first.end("c");
  await first.close();
});

test("what was ended or taken by another process meanwhile is not begun", async () => {
  using dir = openTempDir();
  using at = openCase(dir.path, 1);
  const first = await at.queue.submit(toDraft("first"));
  const second = await at.queue.submit(toDraft("second"));
  const third = await at.queue.submit(toDraft("third"));
  const result = { exit: 137 };
  assert.equal(at.ledger.actions.end(second.action, { state: "cancelled", result }), true);
  assert.equal(at.ledger.actions.claim(first.action), false, "it runs already");
  at.end("first");
  while (at.begun.length < 2) await once(at.queue.changes, "change");
  assert.deepEqual(at.begun, ["first", "third"]);
  at.end("third");
  await at.untilOver(third.action);
  await at.close();
});

test("cancels what waits and what runs, and ends what is late", async () => {
  using dir = openTempDir();
  using at = openCase(dir.path, 1);
  const running = await at.queue.submit(toDraft("running"));
  const waiting = await at.queue.submit(toDraft("waiting"));
  const deadline = new Date(Date.now() + 50).toISOString();
  const late = await at.queue.submit(toDraft("late", { deadline }));
  assert.equal(at.queue.cancel(waiting.action), true);
  assert.equal(at.queue.cancel(waiting.action), false);
  assert.equal((await at.untilOver(late.action)).result?.error?.code, "timed-out");
  assert.equal(at.queue.cancel(running.action), true);
  assert.equal((await at.untilOver(running.action)).state, "cancelled");
  assert.deepEqual(at.begun, ["running"]);
  const slow = await at.queue.submit(toDraft("slow"));
  while (at.begun.length < 2) await once(at.queue.changes, "change");
  await at.queue.submit(toDraft("next"));
  await at.queue.close(0);
  assert.equal((await at.untilOver(slow.action)).state, "interrupted");
  assert.equal(at.ledger.actions.count().queued, 1);
  await at.close();
});

test("what was busy before it began is tried again, what began is not", async () => {
  using dir = openTempDir();
  using ledger = openLedger(dir.path);
  const alive = setInterval(() => undefined, 60_000);
  const attempts = { early: 0, late: 0 };
  const busy = { exit: 1, error: { code: "busy", message: "busy" } } as const;
  const queue = openQueue({
    actions: ledger.actions,
    capacity: { cpus: 2, memory: 2 },
    weigh: () => ({ cpus: 1, memory: 1 }),
    onError: (error) => assert.fail(String(error)),
    carryOut: async (request, { onSession }) => {
      const name = request.kind === "run" && request.command[0] === "late" ? "late" : "early";
      attempts[name] += 1;
      if (name === "late") onSession("s-abcdefghij" as Parameters<typeof onSession>[0]);
      return name === "early" && attempts.early === 3 ? { exit: 0 } : busy;
    },
  });
  await queue.submit(toDraft("early"));
  await queue.submit(toDraft("late"));
  while (ledger.actions.count().done + ledger.actions.count().failed < 2)
    await once(queue.changes, "change");
  assert.deepEqual(attempts, { early: 3, late: 1 });
  await queue.close(0);
  clearInterval(alive);
});
