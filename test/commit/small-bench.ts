import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { isHot } from "../../src/commit/is-hot.js";
import { isSandboxError } from "../../src/core/error.js";
import type { FileOps } from "../../src/host/confined-ops.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import type { LoopFs } from "../support/loop-fs.js";
import { mountProject } from "../support/mount-project.js";
import { openTempDir } from "../support/temp-tree.js";
import { everyKindSealed } from "./every-kind.js";

/** What is on the filesystem that fails: all of it, the workspace alone, or what commits keep. */
export const PLACES = ["all", "workspace", "commits"] as const;

/** A transaction that a fault is tried on. */
export type What = "commit" | "rollback";

/** Every kind of change, and enough of them that a small filesystem can end at any part. A split link is no part: see `filesystems.test.ts`. */
const TASK = {
  ...everyKindSealed,
  base: everyKindSealed.base.map((line) => line.replace(".composed", ".plain")),
  prepare: `${everyKindSealed.prepare}; for i in $(seq 20); do head -c 9000 /dev/zero > old$i; done`,
  edit: `${everyKindSealed.edit.replace("rm pair1; echo single > pair1", "rm pair1 pair2").replace(".composed", ".plain")}
    for i in $(seq 20); do echo $i > old$i; mkdir n$i; head -c 9000 /dev/urandom > n$i/f; done`,
};

const IDS = { commit: "a", rollback: "b" } as const;

/** One session on a filesystem that can fail: committed, rolled back, judged. */
export class SmallBench implements Disposable {
  readonly session: CommitCase;
  readonly #dir = openTempDir();
  readonly #case: string;
  readonly #place: (typeof PLACES)[number];
  #mount: Disposable | undefined;
  readonly #digest: string;
  #before: string;
  #wanted: string;

  constructor(place: (typeof PLACES)[number], loop: LoopFs) {
    this.#case = path.join(loop.path, "case");
    this.#place = place;
    mkdirSync(path.join(this.#case, "project"), { recursive: true });
    this.open();
    const commits = place === "commits" ? { commitsDir: path.join(this.#case, "commits") } : {};
    this.session = openCommitCase(place === "all" ? this.#case : this.#dir.path, TASK, commits);
    this.#digest = this.session.changeset.digest;
    this.#before = describeTree(this.session.workspace);
    this.#wanted = describeTree(this.session.snapshot, { dirTimes: false });
  }

  /** Binds the workspace where it is the part that fails: undone by `close`, while its filesystem is mounted anew. */
  open(): void {
    if (this.#place !== "workspace") return;
    this.#mount = mountProject(this.#dir.path, path.join(this.#case, "project"));
  }

  close(): void {
    this.#mount?.[Symbol.dispose]();
    this.#mount = undefined;
  }

  /** Makes the directory of the commit, which is there before one begins. */
  prepare(what: What): void {
    const commitDir = this.session.commitDir(IDS[what]);
    rmSync(commitDir, { recursive: true, force: true });
    mkdirSync(commitDir, { recursive: true, mode: 0o700 });
  }

  /** Tries it; what went wrong is one line of ours, or nothing did. */
  attempt(what: What, ops?: FileOps): Error | undefined {
    try {
      if (what === "commit") this.session.commit({ ...(ops !== undefined && { ops }) });
      else this.session.rollback({ ...(ops !== undefined && { ops }) });
      return undefined;
    } catch (error) {
      if (!(error instanceof Error) || "path" in error) throw error;
      assert.ok(isSandboxError(error), String(error));
      assert.match(error.message, /^[^\n]+$/);
      return error;
    }
  }

  /** What the next command does first. */
  recover(what: What): void {
    if (isHot(this.session.commitDir(IDS[what]))) this.session.recover(IDS[what]);
    assert.equal(isHot(this.session.commitDir(IDS[what])), false, "still unfinished");
  }

  /** Old or new, whole; the layers to match; no litter. */
  judge(what: What, about: string): "old" | "new" {
    const now = describeTree(this.session.workspace);
    const litter = readdirSync(this.session.workspace).filter((name) =>
      name.startsWith(".sandbox"),
    );
    assert.deepEqual(litter, [], `${about}: litter`);
    if (now === this.#before) {
      const { digest } = this.session.reread();
      if (what === "commit") assert.equal(digest, this.#digest, `${about}: layers`);
      return "old";
    }
    const files = describeTree(this.session.workspace, { dirTimes: false });
    assert.equal(files, this.#wanted, `${about}: neither old nor new`);
    assert.deepEqual(this.session.reread().changes, [], `${about}: layers`);
    return "new";
  }

  /** After a commit: a rollback goes from there back to here. */
  turn(): void {
    const before = describeTree(this.session.workspace);
    this.#wanted = this.#before.replace(/^("(?:[^"\\]|\\.)*" 4\d+ \S+) -?\d+ /gm, "$1  ");
    this.#before = before;
  }

  [Symbol.dispose](): void {
    this.close();
    rmSync(this.#case, { recursive: true, force: true });
    this.#dir[Symbol.dispose]();
  }
}
