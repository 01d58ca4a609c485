// `node kill-child.js commit|rollback DIR`: forks itself once for every call that changes something, each child killing
// itself by SIGKILL before that call, and recovers after each. Exits 0 when every tree was the old or the new one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isHot } from "../../src/commit/is-hot.js";
import { type CommitCase, openCommitCase, toCommitCase } from "../support/commit-case.js";
import { isBrief } from "../support/is-brief.js";
import { describeTree } from "../support/describe-tree.js";
import { watchOps } from "../support/watch-ops.js";
import { everyKind } from "./every-kind.js";

/** Each call; where time is short every third. */
const STEP = isBrief ? 3 : 1;
const [what = "", dir = "", file, at] = process.argv.slice(2);
if (file === undefined) driveAll();
else runAndDie(file, Number(at));

function runAndDie(parts: string, count: number): void {
  const session = toCommitCase(JSON.parse(readFileSync(parts, "utf8")) as CommitCase);
  const { ops } = watchOps((call) => {
    if (call.count === count) process.kill(process.pid, "SIGKILL");
  });
  if (what === "commit") session.commit({ ops });
  else session.rollback({ ops });
}

function driveAll(): void {
  const session = openCommitCase(dir, everyKind);
  const parts = path.join(dir, "parts.json");
  writeFileSync(parts, JSON.stringify(session));
  if (what === "rollback") session.commit();
  const id = what === "commit" ? "a" : "b";
  const old = describeTree(session.workspace);
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  let killed = 0;
  for (let count = 1; ; count += STEP) {
    const argv = [fileURLToPath(import.meta.url), what, dir, parts, String(count)];
    const child = spawnSync(process.execPath, argv, { encoding: "utf8", env });
    if (child.signal !== "SIGKILL") {
      assert.equal(child.status, 0, child.stderr);
      break;
    }
    killed += 1;
    const wasHot = isHot(session.commitDir(id));
    if (wasHot) session.recover(id);
    const now = describeTree(session.workspace);
    if (now !== old) {
      assert.ok(killed > 50 / STEP && wasHot, `neither old nor finished at ${count}`);
      break;
    }
    rmSync(session.commitDir(id), { recursive: true, force: true });
  }
  process.stdout.write(`killed ${killed} times\n`);
}
