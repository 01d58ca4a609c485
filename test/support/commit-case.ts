import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { applyCommit, type CommitResult } from "../../src/commit/apply-commit.js";
import { applyRollback } from "../../src/commit/apply-rollback.js";
import type { Composed } from "../../src/commit/composed.js";
import { JOURNAL_NAME } from "../../src/commit/open-journal.js";
import { type CommitPlan, planCommit } from "../../src/commit/plan-commit.js";
import { planRollback, type RollbackPlan } from "../../src/commit/plan-rollback.js";
import { readStamps } from "../../src/commit/read-stamps.js";
import { type RecoveryReport, recoverCommit } from "../../src/commit/recover-commit.js";
import type { NewFiles } from "../../src/commit/resolve-owner.js";
import type { Change, Changeset, CommittedStamp, Layers } from "../../src/core/change.js";
import { toChangeDigest, toChangesetDigest } from "../../src/core/changeset-digest.js";
import { type CommitId, parseCommitId, parseSessionId, toDigest } from "../../src/core/ids.js";
import type { RelPath } from "../../src/core/path.js";
import type { FileOps } from "../../src/host/confined-ops.js";
import { openNative } from "../../src/host/native.js";
import { sha256Hex } from "../../src/host/sha256.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { type OverlayCase, runOverlay } from "./overlay-case.js";

/** libc, once for all tests of a file. */
export const native = openNative();

/** A session that ended, and what can be done with it. */
export interface CommitCase {
  readonly workspace: string;
  /** What the task saw in the end. */
  readonly snapshot: string;
  readonly layers: readonly Layers[];
  readonly changeset: Changeset;
  readonly commitsDir: string;
  plan(selection?: Selection): CommitPlan;
  /** Plans and applies; `id` is the last letter of the commit's id. */
  commit(o?: CommitCaseOptions): CommitResult;
  planRollback(id?: string): RollbackPlan;
  rollback(o?: {
    readonly of?: string;
    readonly id?: string;
    readonly ops?: FileOps;
  }): RollbackPlan;
  applyRollback(plan: RollbackPlan, id: string, ops?: FileOps): void;
  recover(id?: string, ops?: FileOps): RecoveryReport;
  /** The layers, read once more. */
  reread(): Changeset;
  commitDir(id?: string): string;
}

/** Paths, indices, or all. */
type Selection = "all" | readonly string[] | ReadonlySet<number>;

interface CommitCaseOptions {
  readonly select?: Selection;
  readonly id?: string;
  readonly ops?: FileOps;
  readonly newFiles?: NewFiles;
  readonly changeset?: Changeset;
  /** Content made for a change, by its path. */
  readonly compose?: Readonly<Record<string, Composition>>;
}

/** What is committed instead of the content in the layers. */
interface Composition {
  readonly content: string;
  readonly rest: Composed["rest"];
}

const SESSION = parseSessionId("s-aaaaaaaaaa");
const OWN_IDS = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Runs a task over a real overlay in `dir` and reads what it changed; nothing is committed yet. */
export function openCommitCase(
  dir: string,
  one: OverlayCase,
  options: {
    readonly staging?: Layers["staging"];
    readonly commitsDir?: string;
    readonly snapshot?: boolean;
  } = {},
): CommitCase {
  const { layers: made, snapshot } = runOverlay(dir, one, {
    snapshot: options.snapshot !== false,
  });
  const layers = [{ ...made, staging: options.staging ?? made.staging }];
  const commitsDir = options.commitsDir ?? path.join(dir, "state", "commits");
  return toCommitCase({
    layers,
    snapshot,
    commitsDir,
    changeset: readChangeset(layers, { native }),
  });
}

/** The same for layers that are there already, as another process sees them. */
export function toCommitCase(
  parts: Pick<CommitCase, "layers" | "snapshot" | "commitsDir" | "changeset">,
): CommitCase {
  const { layers, changeset, commitsDir } = parts;
  const commitDir = (id = "a"): string => path.join(commitsDir, toId(id));
  const plan = (selection: Selection = "all", of = changeset): CommitPlan =>
    planCommit({ changeset: of, layers, selection: toIndices(of, selection), native });
  const rollBack = (
    planned: RollbackPlan,
    o: { readonly of: string; readonly id: string; readonly ops: FileOps | undefined },
  ): void => {
    mkdirSync(commitDir(o.id), { recursive: true, mode: 0o700 });
    applyRollback(planned, {
      ...{ native, commitId: toId(o.id), commitDir: commitDir(o.id) },
      ...(o.ops !== undefined && { ops: o.ops }),
    });
  };
  return {
    ...parts,
    workspace: layers[0]?.lower ?? "",
    plan,
    commitDir,
    commit: (o = {}) => {
      const { of, composed } = compose(o.changeset ?? changeset, {
        layers,
        commitDir: commitDir(o.id),
        given: o.compose ?? {},
      });
      const planned = plan(o.select, of);
      const taken = new Set([...planned.changes, ...planned.alreadyThere]);
      return applyCommit(planned, {
        ...{ changeset: of, layers, native, commitDir: commitDir(o.id), commitId: toId(o.id) },
        ...{ sessionId: SESSION ?? fail(), owner: { newFiles: o.newFiles ?? OWN_IDS }, composed },
        pendingDigest: toChangesetDigest(of.changes.filter((change) => !taken.has(change))),
        ...(o.ops !== undefined && { ops: o.ops }),
      });
    },
    planRollback: (id) => planRollback({ commitDir: commitDir(id), native }),
    rollback: (o = {}) => {
      const { of = "a", id = "b", ops } = o;
      const planned = planRollback({ commitDir: commitDir(of), native });
      rollBack(planned, { of, id, ops });
      return planned;
    },
    applyRollback: (planned, id, ops) => rollBack(planned, { of: "a", id, ops }),
    recover: (id, ops) =>
      recoverCommit({ commitDir: commitDir(id), native, ...(ops !== undefined && { ops }) }),
    reread: () => readChangeset(layers, { native, committed: readAllStamps(commitsDir) }),
  };
}

/**
 * Puts the composed content of `given` into the commit's directory and its changes into the changeset. A file whose name ends
 * in `.composed` is always committed that way, with the content it has in the layers: the same tree as without.
 */
function compose(
  of: Changeset,
  o: {
    readonly layers: readonly Layers[];
    readonly commitDir: string;
    readonly given: Readonly<Record<string, Composition>>;
  },
): { readonly of: Changeset; readonly composed: ReadonlyMap<Change, Composed> } {
  mkdirSync(o.commitDir, { recursive: true, mode: 0o700 });
  const composed = new Map<Change, Composed>();
  const changes = of.changes.map((original, index) => {
    const { after } = original;
    const given = o.given[original.path];
    if (after === undefined || (given === undefined && !original.path.endsWith(".composed")))
      return original;
    mkdirSync(path.join(o.commitDir, "composed"), { recursive: true, mode: 0o700 });
    const upper = path.join(o.layers[original.workspace]?.upper ?? "", original.path);
    const bytes = given === undefined ? readFileSync(upper) : Buffer.from(given.content);
    const content = `composed/${index}` as RelPath;
    writeFileSync(path.join(o.commitDir, content), bytes, { mode: 0o600 });
    const draft = {
      ...original,
      after: { ...after, size: bytes.length, digest: toDigest(sha256Hex(bytes)) },
    };
    const change = { ...draft, digest: toChangeDigest(draft) };
    composed.set(change, { original, content, rest: given?.rest ?? "none" });
    return change;
  });
  return { of: { ...of, changes, digest: toChangesetDigest(changes) }, composed };
}

/** Of every commit so far: what we touched ourselves is no host edit. */
function readAllStamps(commitsDir: string): readonly CommittedStamp[] {
  if (!existsSync(commitsDir)) return [];
  return readdirSync(commitsDir)
    .map((name) => path.join(commitsDir, name))
    .filter((commit) => existsSync(path.join(commit, JOURNAL_NAME)))
    .flatMap(readStamps);
}

function toIndices(changeset: Changeset, selection: Selection): "all" | ReadonlySet<number> {
  if (selection === "all" || selection instanceof Set) return selection;
  if (!Array.isArray(selection)) throw new Error("not a selection");
  return new Set(
    selection.map((name) => {
      const index = changeset.changes.findIndex((change) => change.path === name);
      if (index < 0) throw new Error(`no change of ${name}`);
      return index;
    }),
  );
}

function toId(letter = "a"): CommitId {
  return parseCommitId(`c-${letter.repeat(10)}`) ?? fail();
}

function fail(): never {
  throw new Error("not an id");
}
