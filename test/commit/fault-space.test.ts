import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { openLoopFs } from "../support/loop-fs.js";
import { PLACES, SmallBench, type What } from "./small-bench.js";

const options = process.getuid?.() === 0 ? {} : { skip: "mounts filesystems, which only root may" };
const FREE_KIB = [0, 4, 8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 640];
const FREE_INODES = [0, 1, 2, 4, 8, 16, 24, 32, 48, 64, 80, 100, 130];

/** What there is too little of, on which filesystem, and how it is taken and given back. */
const SHORTAGES = [
  { name: "space", levels: FREE_KIB, mkfs: ["-m", "0"], inodes: 2000, take: takeSpace },
  { name: "inodes", levels: FREE_INODES, mkfs: ["-m", "0"], inodes: 400, take: takeInodes },
] as const;

for (const { name, levels, take, ...fs } of SHORTAGES)
  for (const place of PLACES)
    test(
      `with any amount of ${name} left for ${place}: the old tree or the new, and all goes on when there is more`,
      options,
      (t) => {
        using loop = openLoopFs({ type: "ext4", sizeMiB: 24, ...fs });
        const seen = { commit: { old: 0, new: 0 }, rollback: { old: 0, new: 0 } };
        for (const level of levels) {
          using bench = new SmallBench(place, loop);
          for (const what of ["commit", "rollback"] as const)
            seen[what][
              tryWith(bench, {
                what,
                about: `${what} with ${level}`,
                take: () => take(loop.path, level),
              })
            ] += 1;
        }
        t.diagnostic(JSON.stringify(seen));
        assert.ok(seen.commit.old > 0 && seen.commit.new > 0, JSON.stringify(seen));
      },
    );

/** Tries it in want, then with plenty: it has to work then. */
function tryWith(
  bench: SmallBench,
  o: { readonly what: What; readonly about: string; readonly take: () => Disposable },
): "old" | "new" {
  const { what, about } = o;
  bench.prepare(what);
  const taken = o.take();
  const error = bench.attempt(what);
  const inWant = error === undefined ? bench.judge(what, about) : undefined;
  taken[Symbol.dispose]();
  bench.recover(what);
  const result = bench.judge(what, about);
  assert.equal(inWant ?? result, result, about);
  assert.equal(error === undefined, result === "new", `${about}: ${String(error)}`);
  if (error !== undefined) assert.match(error.message, /no space left/, about);
  if (result === "old") {
    bench.prepare(what);
    assert.equal(bench.attempt(what), undefined, `${about}: now there is enough`);
  }

  assert.equal(bench.judge(what, about), "new");
  if (what === "commit") bench.turn();
  return result;
}

function takeSpace(root: string, kib: number): Disposable {
  const file = path.join(root, "filler");
  const { bavail, bsize } = statfsSync(root);
  spawnSync("fallocate", ["-l", String(Math.max(bavail * bsize - kib * 1024, 1)), file]);
  return { [Symbol.dispose]: () => rmSync(file) };
}

function takeInodes(root: string, free: number): Disposable {
  const dir = path.join(root, "fillers");
  mkdirSync(dir);
  for (let left = statfsSync(root).ffree; left > free; left -= 1)
    writeFileSync(path.join(dir, String(left)), "");
  return { [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}
