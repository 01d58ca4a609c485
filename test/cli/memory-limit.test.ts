import assert from "node:assert/strict";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const OPTIONS = ["run", "--memory", "64MiB", "--name", "one", "--"];
/** More than there is, all of it written to. */
const GREEDY = ["python3", "-c", "b = bytearray(400 << 20)"];

test("a task that is killed at its memory limit says so, and is interrupted at that limit", (t) => {
  using person = openPerson(KIND);
  const { status, stderr } = person.sandbox([...OPTIONS, ...GREEDY]);
  const { limits, outcome, state } = person.sandboxJson(["show", "one"]).json;
  const memory = limits.find(({ limit }: { limit: string }) => limit === "memory");
  if (memory.by !== "cgroup") return t.skip("no control group may be made here");
  assert.equal(status, 137);
  assert.match(stderr, /interrupted \(out of memory: the limit is 64\.0 MiB \(--memory\)\)/);
  assert.deepEqual([outcome.outcome, state], ["interrupted", "interrupted"]);
  assert.ok(memory.kills >= 1);
});

test("a task that outlives the process that was killed at the limit ends as it says, and is told of it", (t) => {
  using person = openPerson(KIND);
  const script = `'${GREEDY.join("' '")}'; echo "child $?"; exit 3`;
  const { status, stdout, stderr } = person.sandbox([...OPTIONS, "sh", "-c", script]);
  if (!stdout.includes("child 137")) return t.skip("no control group may be made here");
  assert.equal(status, 3);
  assert.match(stderr, /exit 3 .*\nmemory limit reached: 1 process killed at it/);
  const killed = ["sh", "-c", "kill -9 $$"];
  const control = person.sandbox(["run", "--memory", "64MiB", "--", ...killed]);
  assert.match(control.stderr, /ended by signal 9/, "control: not every SIGKILL is the limit");
  assert.doesNotMatch(control.stderr, /memory/);
});
