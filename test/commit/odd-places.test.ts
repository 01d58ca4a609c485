import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { type CommitCase, native, openCommitCase, toCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { type LoopFs, openLoopFs } from "../support/loop-fs.js";
import { mountProject } from "../support/mount-project.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const options = process.getuid?.() === 0 ? {} : { skip: "mounts filesystems, which only root may" };
const TASK = { base: ["d/f=old", "d/gone=gone"], edit: "echo task > d/f; rm d/gone; echo n > d/n" };

for (const fs of [
  { type: "xfs", sizeMiB: 300 },
  { type: "btrfs", sizeMiB: 128 },
] as const) {
  test(`what has to be copied on ${fs.type} shares its blocks`, options, () => {
    using loop = openLoopFs(fs);
    const edit = "head -c 8000000 /dev/urandom > big; cat big >> old";
    const session = openCommitCase(
      loop.path,
      { base: [], prepare: "head -c 4000000 /dev/urandom > old; ln old other", edit },
      { staging: "copy" },
    );
    const { ops, written } = countWritten();
    const before = describeTree(session.workspace);
    session.commit({ ops });
    assert.deepEqual(readFileSync(path.join(session.workspace, "big")).length, 8_000_000);
    assert.ok(written() < 100_000, `${written()} bytes written: the journal alone`);
    assert.deepEqual(session.rollback().unrestorable, []);
    assert.equal(describeTree(session.workspace), before);
  });
}

/** The real calls, and how many bytes went through write(2). */
function countWritten(): { readonly ops: ReturnType<typeof watchOps>["ops"]; written(): number } {
  let bytes = 0;
  const { ops } = watchOps(() => undefined);
  const counting = new Proxy(ops, {
    get: (target, name) =>
      name === "write"
        ? (fd: number, data: Buffer) => {
            bytes += data.length;
            target.write(fd, data);
          }
        : target[name as keyof typeof target],
  });
  return { ops: counting, written: () => bytes };
}

test(
  "a quota that is used up in the middle: the old tree, and it works once there is more",
  options,
  (t) => {
    using loop = openLoopFs({ type: "btrfs", sizeMiB: 200 });
    // Of ext4 and XFS a kernel may lack them (CONFIG_QFMT_V2, CONFIG_XFS_QUOTA), and root's own files are not held to them.
    if (spawnSync("btrfs", ["quota", "enable", loop.path]).status !== 0) return t.skip("no quotas");
    using dir = openTempDir();
    using _mount = mountProject(dir.path, loop.path);
    const edit = `${TASK.edit}; head -c 30000000 /dev/urandom > d/big`;
    const session = openCommitCase(dir.path, { ...TASK, edit }, { snapshot: false });
    run("btrfs", "qgroup", "limit", "12M", loop.path);
    checkRefused(session, /the disk quota is used up/);
    run("btrfs", "qgroup", "limit", "none", loop.path);
    checkThereAndBack(session);
  },
);

for (const [flag, at, name] of [
  ["i", "d/f", "d/f"],
  ["a", "d/f", "d/f"],
  ["i", "d", "d"],
  ["a", "d", "d"],
] as const) {
  test(`chattr +${flag} on ${at}: the old tree, and the path is named`, options, () => {
    using loop = openLoopFs({ type: "ext4", sizeMiB: 32 });
    const session = openCommitCase(loop.path, TASK);
    run("chattr", `+${flag}`, path.join(session.workspace, at));
    try {
      checkRefused(session, new RegExp(`^${name}.*: not permitted`));
    } finally {
      run("chattr", `-${flag}`, path.join(session.workspace, at));
    }
    checkThereAndBack(session);
  });
}

const OVERLAY = `mount -t tmpfs none "$0/tmp"; mkdir "$0/tmp/u" "$0/tmp/w"
  mount -t overlay none -o lowerdir="$0/real",upperdir="$0/tmp/u",workdir="$0/tmp/w" "$0/made"`;

for (const [kind, mount] of [
  ["a bind mount", 'mount --bind "$0/real" "$0/made"'],
  ["an overlay", OVERLAY],
] as const) {
  test(`a workspace that is ${kind} is committed and restored, by copies`, options, () => {
    using dir = openTempDir();
    const places = ["real", "made", "tmp", "case"].map((name) => path.join(dir.path, name));
    for (const place of places) mkdirSync(place);
    const [, made = "", , inner = ""] = places;
    run("sh", "-ec", mount, dir.path);
    try {
      using _mount = mountProject(inner, made);
      const session = openCommitCase(inner, TASK);
      assert.equal(session.layers[0]?.staging, "copy");
      checkThereAndBack(session);
    } finally {
      run("sh", "-c", 'umount "$0/made"; umount "$0/tmp" 2>/dev/null || :', dir.path);
    }
  });
}

for (const { name, fail, mend } of [
  {
    name: "has no space for what is staged",
    fail: (second: LoopFs) => run("mount", "-o", "remount,size=1m", second.path),
    mend: (second: LoopFs) => run("mount", "-o", "remount,size=16m", second.path),
  },
  {
    name: "refuses when the first is already changed",
    fail: (second: LoopFs) => run("chattr", "+i", path.join(second.path, "d/f")),
    mend: (second: LoopFs) => run("chattr", "-i", path.join(second.path, "d/f")),
  },
]) {
  test(`of two workspaces on two filesystems the second ${name}: both as before`, options, () => {
    using one = openTempDir();
    using two = openTempDir();
    const type = name.startsWith("has") ? "tmpfs" : "ext4";
    using second = openLoopFs({ type, sizeMiB: 16 });
    const task = { ...TASK, edit: `${TASK.edit}; head -c 3000000 /dev/urandom > d/big` };
    using _mount = mountProject(two.path, second.path);
    const cases = [openCommitCase(one.path, task), openCommitCase(two.path, task)] as const;
    const layers = cases.flatMap((each) => each.layers);
    assert.deepEqual(
      layers.map(({ staging }) => staging),
      ["rename", "copy"],
    );
    const both = toCommitCase({
      ...cases[0],
      layers,
      changeset: readChangeset(layers, { native }),
    });
    const trees = (): string => cases.map((each) => describeTree(each.workspace)).join("");
    const old = trees();
    fail(second);
    assert.throws(() => both.commit(), isOneLine);
    mend(second);
    assert.equal(trees(), old);
    assert.equal(both.reread().digest, both.changeset.digest);
    both.commit({ id: "b" });
    for (const each of cases) assert.ok(existsSync(path.join(each.workspace, "d/n")));
    const back = both.rollback({ of: "b", id: "c" });
    assert.deepEqual([back.conflicts, back.unrestorable], [[], []]);
    assert.equal(trees(), old);
  });
}

test("a file with holes keeps them where it has to be copied", options, () => {
  using dir = openTempDir();
  const edit = "truncate -s 40M holes; printf end >> holes";
  const session = openCommitCase(dir.path, { base: [], edit }, { staging: "copy" });
  session.commit();
  const { size, blocks } = statSync(path.join(session.workspace, "holes"));
  assert.ok(size > 40_000_000 && blocks * 512 < 100_000, `${blocks} blocks`);
});

function checkThereAndBack(session: CommitCase): void {
  const before = describeTree(session.workspace);
  session.commit({ id: "y" });
  assert.equal(readFileSync(path.join(session.workspace, "d/f"), "utf8"), "task\n");
  assert.deepEqual(session.reread().changes, []);
  const plan = session.rollback({ of: "y", id: "z" });
  assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []]);
  assert.equal(describeTree(session.workspace), before);
}

function checkRefused(session: CommitCase, message: RegExp): void {
  const before = describeTree(session.workspace);
  const { digest } = session.reread();
  assert.throws(
    () => session.commit(),
    (error) => isOneLine(error) && message.test((error as Error).message),
  );
  assert.equal(describeTree(session.workspace), before);
  assert.equal(session.reread().digest, digest);
}

function isOneLine(error: unknown): boolean {
  return isSandboxError(error) && error.code === "unexpected" && !/\n/.test(error.message);
}

function run(file: string, ...argv: readonly string[]): void {
  const result = spawnSync(file, argv, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${file} ${argv.join(" ")}: ${result.stderr}`);
}
