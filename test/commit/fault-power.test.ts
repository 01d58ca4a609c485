import assert from "node:assert/strict";
import test from "node:test";
import { crashStates } from "../support/crash-states.js";
import { createRandom, readSeed } from "../support/random.js";
import { openTempDir } from "../support/temp-tree.js";
import { FaultBench } from "./fault-bench.js";
import { openFaultScenario } from "./fault-scenario.js";

const MANY = process.env["SANDBOX_TEST_FAULTS"] === "all";
const seed = readSeed();

/** How the files of the first workspace come over, and where the second lies. */
const PLACES = [
  { staging: "rename", filesystems: "one" },
  { staging: "copy", filesystems: "two" },
] as const;

for (const places of PLACES) {
  const where = `${places.staging}, ${places.filesystems} filesystem${places.filesystems === "two" ? "s" : ""}`;
  for (const what of ["commit", "rollback"] as const) {
    test(`a power cut during a ${what} or its recovery loses nothing (${where})`, (t) => {
      t.diagnostic(`seed ${seed}`);
      const random = createRandom(seed);
      using dir = openTempDir();
      const bench = new FaultBench(openFaultScenario(dir.path, places.staging), places.filesystems);
      const start = bench.start(what);
      const whole = bench.open(start);
      bench.attempt(whole, what);
      const seen = { old: 0, new: 0, twice: 0 };
      for (const { state, about } of crashStates(start, whole.log, {
        random,
        perPoint: MANY ? 40 : 2,
      })) {
        const disk = bench.open(state);
        bench.recover(disk, what);
        assert.equal(bench.isHot(what), false, `${about}: still unfinished`);
        seen[bench.judge(disk.state(), what, about)] += 1;
        if (random() > 0.02) continue;
        for (const again of crashStates(state, disk.log, { random, perPoint: 1 })) {
          const next = bench.open(again.state);
          bench.recover(next, what);
          bench.judge(next.state(), what, `${about}; then in its recovery: ${again.about}`);
          seen.twice += 1;
        }
      }
      t.diagnostic(JSON.stringify(seen));
      assert.ok(seen.old > 20 && seen.new > 5, JSON.stringify(seen));
    });
  }
}
