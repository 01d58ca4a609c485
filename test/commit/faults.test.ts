import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isHot } from "../../src/commit/is-hot.js";
import { isSandboxError } from "../../src/core/error.js";
import type { FileOps } from "../../src/host/confined-ops.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";
import { isBrief } from "../support/is-brief.js";
import { everyKind } from "./every-kind.js";

class Killed extends Error {}

/** As if the process ended before the call with this number: it and every later one never happen. */
function dyingAt(count: number): { readonly ops: FileOps; isDead(): boolean } {
  let dead = false;
  const { ops } = watchOps((call) => {
    if (call.count < count) return;
    dead = true;
    throw new Killed();
  });
  return { ops, isDead: () => dead };
}

/** The call with this number fails once. */
function failingAt(
  count: number,
  code: string,
  options = {},
): { readonly ops: FileOps; isReached(): boolean } {
  let reached = false;
  const { ops } = watchOps((call) => {
    if (call.count !== count) return;
    reached = true;
    throw Object.assign(new Error(`${call.name}: ${code}`), { code });
  }, options);
  return { ops, isReached: () => reached };
}

function attempt(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A case that can be committed again and again while each attempt ends with the old tree. */
class Bench implements Disposable {
  readonly staging: "rename" | "copy";
  #dir = openTempDir();
  session: CommitCase;
  before = "";
  digest = "";
  attempts = 0;

  constructor(staging: "rename" | "copy") {
    this.staging = staging;
    this.session = this.#open();
  }

  #open(): CommitCase {
    const session = openCommitCase(this.#dir.path, everyKind, { staging: this.staging });
    this.before = describeTree(session.workspace);
    this.digest = session.changeset.digest;
    return session;
  }

  get wanted(): string {
    return describeTree(this.session.snapshot, { dirTimes: false });
  }

  nextId(): string {
    this.attempts += 1;
    const letters = "abcdefghijklmnopqrstuvwxyz";
    return letters[this.attempts % 26] ?? "a";
  }

  /** Old or new, whole; layers to match; no litter. Says which. */
  judge(about: string): "old" | "new" {
    const now = describeTree(this.session.workspace);
    const left = readdirSync(this.session.workspace).filter((name) => name.startsWith(".sandbox"));
    assert.deepEqual(left, [], `${about}: litter`);
    if (now === this.before) {
      assert.equal(this.session.reread().digest, this.digest, `${about}: layers`);
      return "old";
    }
    const files = describeTree(this.session.workspace, { dirTimes: false });
    assert.equal(files, this.wanted, `${about}: neither old nor new`);
    assert.deepEqual(this.session.reread().changes, [], `${about}: layers`);
    return "new";
  }

  renew(): void {
    this.#dir[Symbol.dispose]();
    this.#dir = openTempDir();
    this.session = this.#open();
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]();
  }
}

function clearCommit(session: CommitCase, id: string): string {
  const dir = session.commitDir(id);
  if (existsSync(path.join(dir, "before"))) {
    const kept = readdirSync(path.join(dir, "before"));
    assert.deepEqual(kept, [], "an undone commit keeps nothing");
  }
  return id;
}

/** Each call; where time is short every third, others for each staging. */
const STEP = isBrief ? 3 : 1;
const FIRST = { rename: 1, copy: isBrief ? 2 : 1 } as const;

for (const staging of ["rename", "copy"] as const) {
  test(`a commit that dies before any of its calls is undone or finished (${staging})`, () => {
    using bench = new Bench(staging);
    const seen = { old: 0, new: 0 };
    for (let count = FIRST[staging]; ; count += STEP) {
      const id = `${bench.nextId()}`;
      const { session } = bench;
      const fault = dyingAt(count);
      attempt(() => session.commit({ id, ops: fault.ops }));
      if (!fault.isDead()) break;
      const about = `killed at ${count}`;
      if (isHot(session.commitDir(id))) session.recover(id);
      assert.equal(isHot(session.commitDir(id)), false, about);
      const tree = bench.judge(about);
      seen[tree] += 1;
      if (tree === "old") clearCommit(session, id);
      if (tree === "new" || bench.attempts % 25 === 24) bench.renew();
    }
    assert.ok(seen.old > 50 / STEP && seen.new > 5 / STEP, JSON.stringify(seen));
  });

  test(`a recovery that dies again and again still ends (${staging})`, () => {
    using bench = new Bench(staging);
    for (let count = 30; ; count += 9) {
      const id = bench.nextId();
      const { session } = bench;
      const fault = dyingAt(count);
      attempt(() => session.commit({ id, ops: fault.ops }));
      if (!fault.isDead()) break;
      for (let after = 1; isHot(session.commitDir(id)); after += 1 + (count % 2)) {
        const again = dyingAt(after);
        attempt(() => session.recover(id, again.ops));
      }
      if (bench.judge(`killed at ${count}`) === "new" || bench.attempts % 25 === 24) bench.renew();
    }
  });

  test(`a commit whose calls fail is undone, with one line that says why (${staging})`, () => {
    using bench = new Bench(staging);
    const codes = ["ENOSPC", "EIO", "EACCES", "EROFS", "EDQUOT"];
    for (let count = FIRST[staging]; ; count += STEP) {
      const id = bench.nextId();
      const { session } = bench;
      const code = codes[count % codes.length] ?? "EIO";
      const fault = failingAt(count, code);
      const error = attempt(() => session.commit({ id, ops: fault.ops }));
      if (!fault.isReached()) break;
      const about = `${code} at ${count}`;
      if (isHot(session.commitDir(id))) session.recover(id);
      const tree = bench.judge(about);
      assert.equal(error === undefined, tree === "new", `${about}: ${String(error)}`);
      if (error !== undefined) {
        assert.ok(isSandboxError(error), `${about}: ${String(error)}`);
        assert.doesNotMatch(error.message, /\n/);
        clearCommit(session, id);
      }
      if (tree === "new" || bench.attempts % 25 === 24) bench.renew();
    }
  });
}
