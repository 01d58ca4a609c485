import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_EFFECTS } from "../../src/core/effects.js";
import { describeOverBudget } from "../../src/policy/budgets/judge-budgets.js";
import { LiveBudgets } from "../../src/policy/budgets/live-budgets.js";

const deleted = (files: number) => ({ ...NO_EFFECTS, delete: { files, bytes: 0 } });
const spent = () => NO_EFFECTS;

test("only what goes on destroying after its time is held, and what was granted is granted once", () => {
  const live = new LiveBudgets({ delete: { files: 3, per: "run", over: "hold" } });
  const at = (files: number, now: number) => live.judge(deleted(files), { spent, now }).verdict;
  assert.equal(at(3, 0), "go-on");
  assert.equal(at(4, 100), "go-on", "just over it");
  assert.equal(at(9, 2050), "go-on", "still in its time");
  assert.equal(at(9, 2200), "go-on", "it has stopped");
  assert.equal(at(3, 2300), "go-on", "put back: its time begins anew");
  assert.equal(at(9, 2400), "go-on");
  assert.equal(at(10, 4400), "hold");
  const describe = (files: number) => live.find(deleted(files), spent).map(describeOverBudget);
  assert.deepEqual(describe(10), ["deletes 10 files; the budget is 3 per run"]);
  live.release(live.find(deleted(10), spent));
  const more = "deletes 14 files; the budget is 3 per run, and 10 more were approved";
  assert.deepEqual(describe(14), [more], "the budget is what the profile says");
  assert.equal(at(13, 9000), "go-on", "as much again");
  assert.equal(at(14, 9001), "go-on");
  assert.equal(at(15, 11_001), "hold");
});

test("the strictest of what was gone over decides", () => {
  const live = new LiveBudgets({
    delete: { files: 1, per: "run", over: "hold" },
    overwrite: { files: 1, per: "run", over: "deny" },
  });
  const both = { ...deleted(5), overwrite: { files: 5, bytes: 5 } };
  live.judge(deleted(4), { spent, now: 0 });
  assert.equal(live.judge(deleted(5), { spent, now: 2000 }).verdict, "hold", "control");
  assert.equal(live.judge(both, { spent, now: 2100 }).verdict, "deny");
});
