import assert from "node:assert/strict";
import test from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { type DiskChange, applyChange } from "../support/model-change.js";
import type { DiskState } from "../support/model-disk.js";
import type { ModelDisk } from "../support/model-ops.js";
import { createRandom, readSeed } from "../support/random.js";
import { openTempDir } from "../support/temp-tree.js";
import { FaultBench, type Filesystems, type What } from "./fault-bench.js";
import { openFaultScenario } from "./fault-scenario.js";

/** `all`: every fault at every call, some hours of them; otherwise a sample that is another one each time. */
const ALL = process.env["SANDBOX_TEST_FAULTS"] === "all";
const seed = readSeed();
const random = createRandom(seed);
const CODES = ["EIO", "ENOSPC", "EACCES", "EROFS", "EDQUOT"] as const;

/** How the files of the first workspace come over, and where the second lies. */
const PLACES = [
  { staging: "rename", filesystems: "one" },
  { staging: "copy", filesystems: "two" },
] as const satisfies readonly { staging: "rename" | "copy"; filesystems: Filesystems }[];

/** Every state a process leaves behind that is killed between two of its calls, or within a write. */
function* killStates(start: DiskState, disk: ModelDisk): Generator<DiskState> {
  const state = new Map(start);
  for (const change of disk.log) {
    if (!isChange(change)) continue;
    if (change.kind === "write" && change.data.length > 1) {
      const torn = new Map(state);
      const length = 1 + Math.floor(random() * (change.data.length - 1));
      applyChange(torn, { ...change, data: change.data.subarray(0, length) });
      yield torn;
    }
    applyChange(state, change);
    yield new Map(state);
  }
}

function isChange(entry: ModelDisk["log"][number]): entry is DiskChange {
  return !entry.kind.startsWith("sync");
}

/** The call with this number fails, and no other. */
function failingAt(count: number, code: string): { readonly onCall: (name: string) => void } {
  let calls = 0;
  return {
    onCall: (name) => {
      calls += 1;
      if (calls === count) throw Object.assign(new Error(`${name}: ${code}`), { code });
    },
  };
}

/** Some of `list`, in order; all of it where all is asked for. */
function sample<T>(list: readonly T[], size: number): readonly T[] {
  if (ALL || size >= list.length) return list;
  return list.filter((_, index) => random() < size / list.length || index === list.length - 1);
}

/** 1 … how many calls `act` makes. */
function countCalls(act: (onCall: () => void) => void): readonly number[] {
  let calls = 0;
  act(() => {
    calls += 1;
  });
  return Array.from({ length: calls }, (_, index) => index + 1);
}

function attempt(act: () => unknown): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

function openBench(dir: string, places: (typeof PLACES)[number]): FaultBench {
  return new FaultBench(openFaultScenario(dir, places.staging), places.filesystems);
}

/** Recovers what a killed process left, and judges. What was undone can be done again. */
function settle(
  bench: FaultBench,
  state: DiskState,
  o: { readonly what: What; readonly about: string; readonly again?: boolean },
): "old" | "new" {
  const disk = bench.open(state);
  bench.recover(disk, o.what);
  assert.equal(bench.isHot(o.what), false, `${o.about}: still unfinished`);
  const outcome = bench.judge(disk.state(), o.what, o.about);
  if (outcome === "old" && o.what === "commit" && o.again === true) {
    const next = bench.open(disk.state());
    bench.attempt(next, "commit", "d");
    assert.deepEqual(
      bench.trees(next.state()),
      bench.trees(bench.states.committed),
      `${o.about}: again`,
    );
  }
  return outcome;
}

/** Kills the recovery of `state` at its calls too. Gives how often. */
function killTwice(
  bench: FaultBench,
  state: DiskState,
  o: { readonly what: What; readonly about: string; readonly times: number },
): number {
  const { what, about } = o;
  const recovery = bench.open(state);
  bench.recover(recovery, what);
  const between = sample([...killStates(state, recovery)], o.times);
  for (const [index, one] of between.entries())
    settle(bench, one, { what, about: `${about}, then again (${index})` });
  return between.length;
}

for (const places of PLACES) {
  const where = `${places.staging}, ${places.filesystems} filesystem${places.filesystems === "two" ? "s" : ""}`;
  for (const what of ["commit", "rollback"] as const) {
    test(`a ${what} killed at any of its calls, and then in its recovery, loses nothing (${where})`, (t) => {
      t.diagnostic(`seed ${seed}`);
      using dir = openTempDir();
      const bench = openBench(dir.path, places);
      const whole = bench.open(bench.start(what));
      bench.attempt(whole, what);
      const seen = { old: 0, new: 0, twice: 0 };
      const states = [...killStates(bench.start(what), whole)];
      const unsettled = states.filter((state) => attempt(() => bench.judge(state, what, "-")));
      assert.ok(
        unsettled.length > states.length / 4,
        "control: without its recovery it is neither",
      );
      const twice = new Set(sample(unsettled, 8));
      for (const [index, state] of states.entries()) {
        const about = `killed at ${index + 1}`;
        seen[settle(bench, state, { what, about, again: random() < 0.03 })] += 1;
        if (twice.has(state)) seen.twice += killTwice(bench, state, { what, about, times: 12 });
      }
      t.diagnostic(JSON.stringify(seen));
      assert.ok(seen.old > 100 && seen.new > 0 && seen.twice > 0, JSON.stringify(seen));
    });

    test(`a ${what} any of whose calls fails is undone, or stands (${where})`, (t) => {
      t.diagnostic(`seed ${seed}`);
      using dir = openTempDir();
      const bench = openBench(dir.path, places);
      const start = bench.start(what);
      const calls = countCalls((onCall) => bench.attempt(bench.open(start, onCall), what));
      const chosen = sample(calls, 40);
      const twice = new Set(sample(chosen, 3));
      const seen = { old: 0, new: 0, killed: 0 };
      for (const count of chosen) {
        const code = CODES[count % CODES.length] ?? "EIO";
        const about = `${code} at ${count} of ${calls.length}`;
        const fault = failingAt(count, code);
        const disk = bench.open(start, fault.onCall);
        const error = attempt(() => bench.attempt(disk, what));
        if (error !== undefined) {
          assert.ok(isSandboxError(error), `${about}: ${String(error)}`);
          assert.doesNotMatch(error.message, /\n/);
        }
        const outcome = settle(bench, disk.state(), { what, about, again: random() < 0.1 });
        assert.equal(error === undefined, outcome === "new", `${about}: ${String(error)}`);
        seen[outcome] += 1;
        if (error === undefined || !twice.has(count)) continue;
        for (const state of sample([...killStates(start, disk)], 12)) {
          settle(bench, state, { what, about: `${about}, then killed` });
          seen.killed += 1;
        }
      }
      t.diagnostic(JSON.stringify(seen));
      assert.ok(seen.old > 0, JSON.stringify(seen));
    });

    test(`a recovery of a ${what} any of whose calls fails can be done again (${where})`, (t) => {
      t.diagnostic(`seed ${seed}`);
      using dir = openTempDir();
      const bench = openBench(dir.path, places);
      const whole = bench.open(bench.start(what));
      bench.attempt(whole, what);
      let failed = 0;
      for (const [index, state] of sample([...killStates(bench.start(what), whole)], 6).entries()) {
        const calls = countCalls((onCall) => bench.recover(bench.open(state, onCall), what));
        for (const count of sample(calls, 12)) {
          const code = CODES[count % CODES.length] ?? "EIO";
          const about = `state ${index}, ${code} at ${count} of the recovery`;
          const disk = bench.open(state, failingAt(count, code).onCall);
          const error = attempt(() => bench.recover(disk, what));
          if (error !== undefined) assert.ok(isSandboxError(error), `${about}: ${String(error)}`);
          settle(bench, disk.state(), { what, about });
          failed += 1;
        }
      }
      t.diagnostic(`${failed} failed calls`);
      assert.ok(failed > 5);
    });
  }
}
