import assert from "node:assert/strict";
import { test } from "node:test";
import { FairLine, type LineEntry } from "../../src/controller/queue/fair-line.js";
import { type ActionId, toActionId } from "../../src/core/ids.js";

const SMALL = { cpus: 1, memory: 1 };

/** A line that names what it starts. */
function openLine(capacity = { cpus: 1000, memory: 1000 }) {
  const line = new FairLine(capacity);
  const names = new Map<string, ActionId>();
  const started: string[] = [];
  let made = 0;
  return {
    line,
    started,
    id: (name: string): ActionId => {
      const id = names.get(name);
      assert.ok(id !== undefined);
      return id;
    },
    add: (name: string, more: Partial<LineEntry> = {}) => {
      made += 1;
      const action = toActionId(Buffer.from(String(made).padStart(10, "0")));
      names.set(name, action);
      const entry = { action, submitter: "a", priority: 0, weight: SMALL, keys: [], ...more };
      line.add(entry, async () => void started.push(name));
    },
    /** Starts what may start; their names in order. */
    takeAll: (): string => {
      started.length = 0;
      for (let start = line.take(); start !== undefined; start = line.take()) void start();
      return started.join(" ");
    },
  };
}

test("submitters take turns, whoever came first with however many", () => {
  const at = openLine();
  for (const name of ["a1", "a2", "a3", "a4"]) at.add(name);
  at.add("b1", { submitter: "b" });
  at.add("b2", { submitter: "b" });
  at.add("c1", { submitter: "c" });
  assert.equal(at.takeAll(), "a1 b1 c1 a2 b2 a3 a4");
});

test("a higher priority goes first", () => {
  const at = openLine();
  at.add("low", { priority: -1 });
  at.add("plain");
  at.add("high", { priority: 5, submitter: "b" });
  assert.equal(at.takeAll(), "high plain low");
});

test("of what writes to one thing the later waits, whatever its priority", () => {
  const at = openLine();
  at.add("first", { keys: ["/w", "s-1"] });
  at.add("second", { keys: ["/w"], priority: 9 });
  at.add("third", { keys: ["s-1", "/v"], submitter: "b" });
  at.add("other", { keys: ["/x"] });
  assert.equal(at.takeAll(), "first other");
  at.line.release(at.id("other"));
  assert.equal(at.takeAll(), "");
  at.line.release(at.id("first"));
  assert.equal(at.takeAll(), "second third");
});

test("one that is cancelled holds nobody up, and does not start", () => {
  const at = openLine();
  at.add("first", { keys: ["/w"] });
  at.add("gone", { keys: ["/w"] });
  at.add("third", { keys: ["/w"] });
  assert.equal(at.takeAll(), "first");
  assert.equal(at.line.remove(at.id("gone")), true);
  assert.equal(at.line.remove(at.id("gone")), false);
  assert.equal(at.line.remove(at.id("first")), false, "it runs");
  at.line.release(at.id("first"));
  assert.equal(at.takeAll(), "third");
  assert.equal(at.line.length, 0);
});

test("nothing beyond the machine is started, and what is large is not overtaken for ever", () => {
  const at = openLine({ cpus: 4, memory: 100 });
  for (const name of ["s1", "s2", "s3"]) at.add(name);
  at.add("large", { weight: { cpus: 99, memory: 1 } });
  at.add("s4");
  assert.equal(at.takeAll(), "s1 s2 s3");
  at.line.release(at.id("s1"));
  assert.equal(at.takeAll(), "");
  at.line.release(at.id("s2"));
  at.line.release(at.id("s3"));
  assert.equal(at.takeAll(), "large");
  at.line.release(at.id("large"));
  assert.equal(at.takeAll(), "s4");
  at.add("fat", { weight: { cpus: 1, memory: 100 } });
  assert.equal(at.takeAll(), "");
  at.line.release(at.id("s4"));
  assert.equal(at.takeAll(), "fat");
});

test("thousands that wait come out once each", () => {
  const at = openLine({ cpus: 7, memory: 1000 });
  const count = 5000;
  for (let n = 0; n < count; n += 1)
    at.add(`${n}`, { submitter: `s${n % 13}`, priority: n % 3, keys: [`k${n % 50}`] });
  const seen = new Set<string>();
  for (let batch = at.takeAll(); batch !== ""; batch = at.takeAll())
    for (const name of batch.split(" ")) {
      assert.equal(seen.has(name), false);
      seen.add(name);
      at.line.release(at.id(name));
    }
  assert.equal(seen.size, count);
});
