import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { applyCommit } from "../../src/commit/apply-commit.js";
import { applyRollback } from "../../src/commit/apply-rollback.js";
import { isHot } from "../../src/commit/is-hot.js";
import { planCommit } from "../../src/commit/plan-commit.js";
import { planRollback } from "../../src/commit/plan-rollback.js";
import { type RecoveryReport, recoverCommit } from "../../src/commit/recover-commit.js";
import { toChangesetDigest } from "../../src/core/changeset-digest.js";
import { parseCommitId, parseSessionId } from "../../src/core/ids.js";
import type { FileOps } from "../../src/host/confined-ops.js";
import { native } from "../support/commit-case.js";
import {
  describeModel,
  type DiskState,
  findInode,
  type ModelImage,
  readImage,
} from "../support/model-disk.js";
import { type ModelDisk, openModel } from "../support/model-ops.js";
import { COMMIT_LETTERS, type FaultScenario } from "./fault-scenario.js";

/** A transaction that faults are tried on. */
export type What = "commit" | "rollback";

/** The id of each, and of a commit after one that was undone. */
const IDS = { commit: "a", rollback: "b", again: "d" } as const;

/** How the two workspaces lie: on the filesystem of the state, or the second on one of its own. */
export type Filesystems = "one" | "two";

/**
 * The scenario in memory: a commit and its rollback on a modelled disk, as often as one likes from any state of it. The journal
 * alone is written to the real directory besides, where recovery reads it.
 */
export class FaultBench {
  readonly image: ModelImage;
  /** Before the commit, after it, after its rollback. */
  readonly states: {
    readonly before: DiskState;
    readonly committed: DiskState;
    readonly restored: DiskState;
  };
  readonly #scenario: FaultScenario;
  readonly #written = new Map<string, Buffer | undefined>();
  readonly #described = new WeakMap<DiskState, Map<string, string>>();

  constructor(scenario: FaultScenario, filesystems: Filesystems) {
    this.#scenario = scenario;
    const isOther = (at: string): boolean =>
      at.startsWith(scenario.workspaces[1] ?? "?") || at.startsWith(this.#layers(1));
    this.image = readImage(scenario.dir, (at) => (filesystems === "two" && isOther(at) ? 2 : 1));
    const before = this.image.state;
    const committed = this.#run(before, "commit");
    const restored = this.#run(committed, "rollback");
    this.states = { before, committed, restored };
  }

  #run(start: DiskState, what: What): DiskState {
    const disk = this.open(start);
    this.attempt(disk, what);
    return disk.state();
  }

  #uppers(): readonly string[] {
    return this.#scenario.session.layers.map(({ upper }) => upper);
  }

  #layers(index: number): string {
    return path.dirname(this.#scenario.session.layers[index]?.upper ?? "");
  }

  /** Where a transaction starts. */
  start(what: What): DiskState {
    return what === "commit" ? this.states.before : this.states.committed;
  }

  open(state: DiskState, onCall?: (name: keyof FileOps) => void): ModelDisk {
    this.#writeJournals(state);
    return openModel(this.image, state, onCall);
  }

  /** Runs a transaction; `id` of its own. Throws as it does. */
  attempt(disk: ModelDisk, what: What, id: string = IDS[what]): void {
    const { session } = this.#scenario;
    const { changeset, layers } = session;
    const { ops } = disk;
    const ids = {
      commitId: parseCommitId(`c-${id.repeat(10)}`) ?? fail(),
      commitDir: session.commitDir(id),
    };
    try {
      if (what === "rollback") {
        const of = session.commitDir(IDS.commit);
        applyRollback(planRollback({ commitDir: of, native, ops }), { ...ids, native, ops });
        return;
      }
      const selection = this.#scenario.selected;
      const plan = planCommit({ changeset, layers, selection, native, ops });
      const pending = changeset.changes.filter((_, index) => !selection.has(index));
      applyCommit(plan, {
        ...{ ...ids, changeset, layers, native, ops, pendingDigest: toChangesetDigest(pending) },
        sessionId: parseSessionId("s-aaaaaaaaaa") ?? fail(),
        owner: { newFiles: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } },
      });
    } finally {
      this.#writeJournals(disk.state());
    }
  }

  /** Does what the next command does: recovers if the journal is hot. */
  recover(disk: ModelDisk, what: What): RecoveryReport | undefined {
    const commitDir = this.#scenario.session.commitDir(IDS[what]);
    if (!isHot(commitDir)) return undefined;
    try {
      return recoverCommit({ commitDir, native, ops: disk.ops });
    } finally {
      this.#writeJournals(disk.state());
    }
  }

  isHot(what: What): boolean {
    return isHot(this.#scenario.session.commitDir(IDS[what]));
  }

  /** Fails unless all is as before the transaction, or as after it: workspaces, layers, what commits keep. Says which. */
  judge(state: DiskState, what: What, about: string): "old" | "new" {
    const old = this.start(what);
    const done = what === "commit" ? this.states.committed : this.states.restored;
    if (this.#trees(state) === this.#trees(old)) {
      this.#assertSame(state, { as: old, about, places: this.#uppers() });
      this.#assertSame(state, {
        as: old,
        about,
        places: [this.#layers(0), this.#layers(1)],
        dirTimes: false,
      });
      const kept = path.join(this.#scenario.session.commitDir(IDS.commit), "before");
      if (what === "rollback")
        this.#assertSame(state, { as: old, about, places: [kept], dirTimes: false });
      const own = findInode(
        this.image,
        state,
        path.join(this.#scenario.session.commitDir(IDS[what]), "before"),
      );
      assert.deepEqual(
        [...(own?.entries.keys() ?? [])],
        [],
        `${about}: an undone ${what} keeps nothing`,
      );
      return "old";
    }
    const dirTimes = what === "rollback";
    const wanted = this.#trees(done, dirTimes);
    const now = this.#trees(state, dirTimes);
    if (now !== wanted) assert.equal(now, wanted, `${about}: neither old nor new`);
    const places = [this.#layers(0), this.#layers(1)];
    this.#assertSame(state, { as: done, about, places, dirTimes: false });
    return "new";
  }

  /** The two workspaces, as `describeTree` says it. */
  trees(state: DiskState): readonly string[] {
    return this.#scenario.workspaces.map((at) =>
      describeModel(state, findInode(this.image, state, at), { dirTimes: false }),
    );
  }

  #trees(state: DiskState, dirTimes = true): string {
    return this.#scenario.workspaces.map((at) => this.#describe(state, at, dirTimes)).join("\n");
  }

  /** States that are looked at again and again are described once. */
  #describe(state: DiskState, at: string, dirTimes: boolean): string {
    const known = this.#described.get(state) ?? new Map<string, string>();
    this.#described.set(state, known);
    const key = `${dirTimes} ${at}`;
    const text =
      known.get(key) ?? describeModel(state, findInode(this.image, state, at), { dirTimes });
    known.set(key, text);
    return text;
  }

  #assertSame(
    state: DiskState,
    o: {
      readonly as: DiskState;
      readonly about: string;
      readonly places: readonly string[];
      readonly dirTimes?: boolean;
    },
  ): void {
    for (const place of o.places) {
      const now = this.#describe(state, place, o.dirTimes !== false);
      const wanted = this.#describe(o.as, place, o.dirTimes !== false);
      if (now !== wanted) assert.equal(now, wanted, `${o.about}: ${place}`);
    }
  }

  #writeJournals(state: DiskState): void {
    for (const id of COMMIT_LETTERS) {
      const file = path.join(this.#scenario.session.commitDir(id), "journal.jsonl");
      const content = findInode(this.image, state, file)?.content;
      if (this.#written.get(file) === content) continue;
      this.#written.set(file, content);
      if (content === undefined) rmSync(file, { force: true });
      else writeFileSync(file, content);
    }
  }
}

function fail(): never {
  throw new Error("not an id");
}
