import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readdirSync, renameSync, symlinkSync, unlinkSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import fc from "fast-check";
import { isHot } from "../../src/commit/is-hot.js";
import { isSandboxError } from "../../src/core/error.js";
import { openFileOps } from "../../src/host/confined-calls.js";
import { removeTree } from "../../src/host/remove-tree.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { type CommitCase, native, openCommitCase, toCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openCaseLayers } from "../support/overlay-case.js";
import { readSeed } from "../support/random.js";
import { makeTree, openTempDir } from "../support/temp-tree.js";
import { Canary } from "./canary.js";
import { type HostileEntry, hostileUppers, makeUpper } from "./make-upper.js";

const ops = openFileOps(native);
const RUNS = Number(process.env["SANDBOX_TEST_RUNS"] ?? 120);
const MEMORY_MIB = 400;
const BASE = [
  "a=old",
  "b/a=1",
  "b/b/c=2",
  "c->a",
  "d|",
  "e/a/b=3",
  "e/c->../../outside",
  "outside->../outside",
];

/** Commits all that can be read; tells what refused it. */
function commitAll(session: CommitCase): string | undefined {
  try {
    session.commit();
    return undefined;
  } catch (error) {
    if (isSandboxError(error)) return error.code;
    throw error;
  }
}

test("the canary sees a read", () => {
  using dir = openTempDir();
  const canary = new Canary(dir.path);
  canary.check("control");
  spawnSyncCat(path.join(canary.path, "secret"));
  assert.throws(() => canary.check("read"), /was read or written/);
});

function spawnSyncCat(file: string): void {
  const fd = ops.openFile(
    { dirfd: openDirectory(path.dirname(file)), name: path.basename(file) },
    0,
  );
  ops.read(fd, Buffer.alloc(8));
  ops.close(fd);
}

function openDirectory(at: string): number {
  return ops.openRoot(at, false);
}

/** What this test has found once. */
const FOUND: [readonly HostileEntry[]][] = [
  [[toLink("trusted.overlay.redirect", "y")]],
  [[toLink("trusted.overlay.opaque", "y")]],
];

function toLink(mark: string, value: string): HostileEntry {
  const what = { kind: "link", target: "OUTSIDE/secret" } as const;
  return { name: "a", what, marks: [[mark, value]], mode: 0o644, below: [] };
}

test("whatever an upperdir holds, nothing outside the workspace is read or written, and a commit is whole or not at all", (t) => {
  const seed = readSeed();
  t.diagnostic(`seed ${seed}`);
  const seen = new Map<string, number>();
  let most = 0;
  fc.assert(
    fc.property(hostileUppers, (entries) => {
      using dir = openTempDir();
      const workspace = path.join(dir.path, "project");
      makeTree(workspace, BASE);
      const canary = new Canary(dir.path);
      const layers = openCaseLayers(dir.path, { workspace, covered: [] });
      const fd = openDirectory(layers.upper);
      makeUpper(fd, entries, canary.path);
      ops.close(fd);
      const outcome = commitOrRefuse(dir.path, { workspace, layers, canary });
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      most = Math.max(most, process.memoryUsage().rss / 2 ** 20);
    }),
    { numRuns: RUNS, seed, examples: FOUND },
  );
  t.diagnostic(`${JSON.stringify([...seen])}, ${Math.round(most)} MiB`);
  assert.ok((seen.get("committed") ?? 0) > RUNS / 10, JSON.stringify([...seen]));
  assert.ok(most < MEMORY_MIB, `${most} MiB`);
});

function commitOrRefuse(
  dir: string,
  o: {
    readonly workspace: string;
    readonly layers: ReturnType<typeof openCaseLayers>;
    readonly canary: Canary;
  },
): string {
  const old = describeTree(o.workspace);
  let session: CommitCase;
  try {
    const changeset = readChangeset([o.layers], { native });
    session = toCommitCase({
      ...{ layers: [o.layers], changeset, snapshot: "" },
      commitsDir: path.join(dir, "state", "commits"),
    });
  } catch (error) {
    if (!isSandboxError(error)) throw error;
    o.canary.check("refused");
    return `read: ${error.code}`;
  } finally {
    assert.equal(describeTree(o.workspace), old, "reading changes nothing");
  }
  const refused = commitAll(session);
  o.canary.check(refused ?? "committed");
  if (refused !== undefined) {
    assert.equal(isHot(session.commitDir()), false);
    assert.equal(describeTree(o.workspace), old, `${refused}: the old tree`);
    return `commit: ${refused}`;
  }
  refuseMarks(o.workspace);
  if (session.changeset.changes.length === 0) return "no change";
  const plan = session.planRollback();
  assert.deepEqual([...plan.conflicts, ...plan.unrestorable], []);
  session.applyRollback(plan, "b");
  o.canary.check("rolled back");
  assert.equal(describeTree(o.workspace), old, "rolled back");
  return "committed";
}

/** Nothing that means something to overlayfs, and no device, came into the workspace. */
function refuseMarks(workspace: string): void {
  for (const line of describeTree(workspace).split("\n")) {
    assert.doesNotMatch(line, /(?:user|trusted)\.overlay\./);
    assert.doesNotMatch(line, /" (?:2|6)0\d{3} /);
  }
}

/** Exchanges a directory with a symbolic link out of the workspace, without end: renameat2(2), RENAME_EXCHANGE. */
const SWAP =
  "$| = 1; print qq(on\\n); while (1) { syscall(316, -100, $ARGV[0], -100, $ARGV[1], 2); }";

test("a process that swaps a parent for a symbolic link all the while leads a commit nowhere", {
  skip: process.arch !== "x64",
}, async () => {
  const seen = { committed: 0, refused: 0 };
  for (let round = 0; round < 25; round += 1) {
    using dir = openTempDir();
    const session = openCommitCase(
      dir.path,
      {
        base: ["e/a/b=old", "e/a/gone=gone", "e/x/y=y", "f=f"],
        edit: "echo task > e/a/b; rm e/a/gone; rm -r e/x; echo n > e/n; mkdir e/m; echo i > e/m/i; chmod 700 e/a; echo g > f",
      },
      { snapshot: false },
    );
    const canary = new Canary(dir.path);
    const link = path.join(dir.path, "link");
    symlinkSync(canary.path, link);
    const at = path.join(session.workspace, "e");
    const swapper = spawn("perl", ["-e", SWAP, at, link], { stdio: ["ignore", "pipe", "inherit"] });
    await once(swapper.stdout, "data");
    const refused = commitAll(session);
    swapper.kill("SIGKILL");
    await once(swapper, "exit");
    canary.check(`${refused}`);
    putBack(at, link);
    if (isHot(session.commitDir())) session.recover();
    if (isHot(session.commitDir())) session.recover();
    canary.check("recovered");
    seen[refused === undefined ? "committed" : "refused"] += 1;
  }
  assert.ok(seen.refused > 0, JSON.stringify(seen));
});

/** The directory comes back where it was. */
function putBack(at: string, link: string): void {
  if (!lstatSync(at).isSymbolicLink()) return;
  unlinkSync(at);
  renameSync(link, at);
}

test("deeper than a path may be long, and as wide as a directory gets, in bounded memory", () => {
  using dir = openTempDir();
  const workspace = path.join(dir.path, "project");
  makeTree(workspace, BASE);
  const canary = new Canary(dir.path);
  const layers = openCaseLayers(dir.path, { workspace, covered: [] });
  let fd = openDirectory(layers.upper);
  for (let depth = 0; depth < 120; depth += 1) {
    const name = "d".repeat(60);
    ops.makeDirectory({ dirfd: fd, name });
    const next = ops.openDirectory(fd, name);
    ops.close(fd);
    fd = next;
  }
  ops.makeSymlink(canary.path, { dirfd: fd, name: "out" });
  for (let count = 0; count < 2_000; count += 1) ops.makeFifo({ dirfd: fd, name: `p${count}` });
  ops.close(fd);
  const old = describeTreeShallow(workspace);
  const changeset = readChangeset([layers], { native });
  const session = toCommitCase({
    layers: [layers],
    changeset,
    snapshot: "",
    commitsDir: path.join(dir.path, "state", "commits"),
  });
  assert.equal(changeset.changes.length, 120 + 1 + 2_000);
  assert.equal(commitAll(session), undefined);
  canary.check("committed");
  session.rollback();
  canary.check("rolled back");
  assert.equal(describeTreeShallow(workspace), old);
  assert.ok(process.memoryUsage().rss < MEMORY_MIB * 2 ** 20);
  removeTree(layers.upper);
});

function describeTreeShallow(root: string): string {
  return readdirSync(root).sort().join("\n");
}
