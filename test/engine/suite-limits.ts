import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase } from "../support/engine-case.js";
import { openLoopFs } from "../support/loop-fs.js";
import { type CaseTest, plainTest } from "./case-test.js";

/** Says how many processes it could make, of 500. */
const FORK_BOMB = `
import os, time
made = 0
try:
  while made < 500:
    if os.fork() == 0: time.sleep(60); os._exit(0)
    made += 1
except OSError: pass
print(made)`;

/** Limits that are said to be in force bite. */
export function describeLimits(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: limits`, () => {
    test("memory: a hog fails or is killed, less than the limit is had", async () => {
      using one = openEngineCase(makeEngine());
      const program =
        "import sys; data = [bytearray(1 << 20) for _ in range(int(sys.argv[1]))]; print(len(data))";
      const limits = { memoryBytes: 200 << 20 };
      const modest = await one.run({ argv: ["python3", "-c", program, "50"], spec: { limits } });
      assert.equal(modest.stdout, "50\n");
      const hog = await one.run({ argv: ["python3", "-c", program, "600"], spec: { limits } });
      assert.equal(hog.stdout, "");
      assert.notDeepEqual(hog.outcome, { outcome: "exited", code: 0 });
      const report = hog.limits.find(({ limit }) => limit === "memory");
      assert.ok(report?.by === "cgroup" || report?.by === "rlimit");
    });

    test("processes: a fork bomb stays in its bounds and is over with the task", async () => {
      using one = openEngineCase(makeEngine());
      const { stdout, limits } = await one.run({
        argv: ["python3", "-c", FORK_BOMB],
        spec: { limits: { pids: 64 } },
      });
      assert.ok(Number(stdout) > 20 && Number(stdout) < 64, stdout);
      assert.ok(
        limits.some(({ limit, by }) => limit === "pids" && (by === "cgroup" || by === "rlimit")),
      );
    });

    test("processes: beside a limit of memory as many are had as were given, and no more", async () => {
      using one = openEngineCase(makeEngine());
      const limits = { pids: 100, memoryBytes: 1 << 30 };
      const { stdout, outcome } = await one.run({
        argv: ["python3", "-c", FORK_BOMB],
        spec: { limits },
      });
      assert.deepEqual(outcome, { outcome: "exited", code: 0 });
      assert.ok(Number(stdout) > 80 && Number(stdout) < 100, stdout);
    });

    test("two sandboxes do not share one count of processes", async () => {
      using one = openEngineCase(makeEngine());
      using two = openEngineCase(makeEngine());
      const script = "for i in $(seq 30); do sleep 60 & done; echo ready; read line; kill %1";
      const limits = { pids: 50 };
      const first = await one.start({ argv: ["sh", "-c", script], spec: { limits } });
      await first.says("ready");
      const second = await two.run({
        argv: ["sh", "-c", "for i in $(seq 30); do sleep 0.2 & done; wait; echo fine"],
        spec: { limits },
      });
      assert.equal(second.stdout, "fine\n");
      await first.sandbox[Symbol.asyncDispose]();
    });

    test("processors: reported, and no more than that many are used", async () => {
      using one = openEngineCase(makeEngine());
      const { limits, stdout } = await one.run({
        argv: ["python3", "-c", "import os; print(len(os.sched_getaffinity(0)))"],
        spec: { limits: { cpus: 0.5 } },
      });
      const report = limits.find(({ limit }) => limit === "cpus");
      assert.ok(report?.by === "cgroup" || report?.by === "affinity");
      if (report?.by === "affinity") assert.equal(stdout, "1\n");
    });

    test("open files: 10,000 are had, no core is dumped", async () => {
      using one = openEngineCase(makeEngine());
      const { stdout } = await one.run({
        argv: [
          "python3",
          "-c",
          "import os, resource; print(len([os.open('/dev/null', 0) for _ in range(10000)]), resource.getrlimit(resource.RLIMIT_CORE))",
        ],
      });
      assert.equal(stdout, "10000 (1, 1)\n");
    });

    test("bytes in the upperdir: the task is ended at the limit, and says why", async () => {
      using one = openEngineCase(makeEngine());
      const limits = { upperBytes: 20 << 20, timeoutMs: 60_000 };
      const within = await one.run({
        argv: ["sh", "-c", "head -c 4000000 /dev/zero >small; sleep 1"],
        spec: { limits },
      });
      assert.deepEqual(within.outcome, { outcome: "exited", code: 0 });
      assert.ok(within.limits.some(({ limit, by }) => limit === "upper" && by !== "none"));
      using two = openEngineCase(makeEngine());
      const flood =
        "i=0; while :; do head -c 4000000 /dev/zero >big$i; i=$((i+1)); sleep 0.05; done";
      const { outcome } = await two.run({ argv: ["sh", "-c", flood], spec: { limits } });
      assert.equal(outcome.outcome, "interrupted");
      assert.match(outcome.outcome === "interrupted" ? outcome.reason : "", /limit/);
    });

    test("empty files and directories count against them, and few of these are allowed", async () => {
      const make = (count: number) =>
        `for i in $(seq ${count}); do mkdir d$i || exit 9; (cd d$i && seq 200 | xargs touch) || exit 9; done`;
      const limits = { upperBytes: 1 << 20, timeoutMs: 60_000 };
      using one = openEngineCase(makeEngine());
      const within = await one.run({ argv: ["sh", "-c", `${make(3)}; sleep 1`], spec: { limits } });
      assert.deepEqual(within.outcome, { outcome: "exited", code: 0 });
      using two = openEngineCase(makeEngine());
      const { outcome } = await two.run({ argv: ["sh", "-c", make(2000)], spec: { limits } });
      assert.equal(outcome.outcome, "interrupted");
      assert.match(outcome.outcome === "interrupted" ? outcome.reason : "", /limit/);
    });

    test("the reserve: the task is ended before the filesystem is full", {
      skip: process.getuid?.() === 0 ? false : "only root can mount a small filesystem",
    }, async () => {
      using small = openLoopFs({ type: "ext4", sizeMiB: 64 });
      using one = openEngineCase(makeEngine(), { at: small.path });
      const fill =
        "i=0; while :; do head -c 1000000 /dev/zero >f$i || exit 9; i=$((i+1)); sleep 0.15; done";
      const { outcome } = await one.run(fill);
      assert.equal(outcome.outcome, "interrupted");
      assert.match(outcome.outcome === "interrupted" ? outcome.reason : "", /5 %/);
    });
  });
}
