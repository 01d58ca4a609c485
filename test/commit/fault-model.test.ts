import assert from "node:assert/strict";
import test from "node:test";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { FaultBench } from "./fault-bench.js";
import { openFaultScenario } from "./fault-scenario.js";

test("the modelled disk is what the kernel's would be", () => {
  using dir = openTempDir();
  const scenario = openFaultScenario(dir.path, "rename");
  const bench = new FaultBench(scenario, "one");
  const before = scenario.workspaces.map((at) => describeTree(at, { dirTimes: false }));
  assert.deepEqual(bench.trees(bench.states.before), before);
  scenario.session.commit({ id: "x", select: scenario.selected });
  const after = scenario.workspaces.map((at) => describeTree(at, { dirTimes: false }));
  assert.notDeepEqual(after, before);
  assert.deepEqual(bench.trees(bench.states.committed), after);
  scenario.session.rollback({ of: "x", id: "y" });
  assert.deepEqual(bench.trees(bench.states.restored), before);
});
