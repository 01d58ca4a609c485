import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { type LoopFs, openLoopFs } from "../support/loop-fs.js";
import { watchOps } from "../support/watch-ops.js";
import { SmallBench, type What } from "./small-bench.js";

const options = process.getuid?.() === 0 ? {} : { skip: "mounts filesystems, which only root may" };
const STEP = Number(process.env["SANDBOX_TEST_FAULT_STEP"] ?? 17);

interface Failure {
  readonly name: string;
  /** False where it cannot be just now (a file is open for writing). */
  fail(loop: LoopFs, bench: SmallBench): boolean;
  mend(loop: LoopFs, bench: SmallBench): void;
}

const GONE: Failure = {
  name: "gone",
  fail: (loop) => {
    loop.shutDown();
    return true;
  },
  mend: (loop, bench) => {
    bench.close();
    loop.reopen();
    bench.open();
  },
};
const READ_ONLY: Failure = {
  name: "read-only",
  fail: (_, { session }) => remount("ro", session.workspace),
  mend: (_, { session }) => void assert.ok(remount("rw", session.workspace)),
};

for (const { fs, place, failure } of [
  { fs: { type: "ext4", sizeMiB: 32 }, place: "all", failure: GONE },
  { fs: { type: "ext4", sizeMiB: 32 }, place: "workspace", failure: GONE },
  { fs: { type: "xfs", sizeMiB: 300 }, place: "all", failure: GONE },
  { fs: { type: "xfs", sizeMiB: 300 }, place: "workspace", failure: GONE },
  { fs: { type: "ext4", sizeMiB: 32 }, place: "workspace", failure: READ_ONLY },
] as const)
  test(
    `a disk that is ${failure.name} from any call on (${fs.type}, ${place}): once it is back the old tree or the new`,
    options,
    (t) => {
      using loop = openLoopFs(fs);
      const seen = { old: 0, new: 0 };
      for (const what of ["commit", "rollback"] as const) {
        let bench = openAt(what, place, loop);
        for (let count = 1; ; count += STEP) {
          const result = failAt(bench, { loop, failure, what, count });
          if (result === undefined) break;
          seen[result] += 1;
          if (result === "old") continue;
          bench[Symbol.dispose]();
          bench = openAt(what, place, loop);
        }
        bench[Symbol.dispose]();
      }
      t.diagnostic(JSON.stringify(seen));
      assert.ok(seen.old > 5, JSON.stringify(seen));
    },
  );

/** Tries it with a disk that fails before the call `count`; undefined where there are not that many. */
function failAt(
  bench: SmallBench,
  o: {
    readonly loop: LoopFs;
    readonly failure: Failure;
    readonly what: What;
    readonly count: number;
  },
): "old" | "new" | undefined {
  const { loop, failure, what, count } = o;
  bench.prepare(what);
  spawnSync("sync", ["-f", loop.path]);
  let isReached = false;
  const { ops } = watchOps((call) => {
    if (call.count >= count) isReached ||= failure.fail(loop, bench);
  });
  const about = `${what}, ${failure.name} at ${count}`;
  const error = bench.attempt(what, ops);
  if (!isReached) return undefined;
  if (error !== undefined) assert.match(error.message, /disk failed|read-only/, about);
  failure.mend(loop, bench);
  bench.recover(what);
  const result = bench.judge(what, about);
  assert.equal(error === undefined, result === "new", `${about}: ${String(error)}`);
  return result;
}

function openAt(what: What, place: "all" | "workspace", loop: LoopFs): SmallBench {
  const bench = new SmallBench(place, loop);
  if (what === "commit") return bench;
  bench.prepare("commit");
  assert.equal(bench.attempt("commit"), undefined);
  bench.turn();
  return bench;
}

function remount(mode: "ro" | "rw", place: string): boolean {
  return spawnSync("mount", ["-o", `remount,${mode},bind`, place]).status === 0;
}
