import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { isHot } from "../../src/commit/is-hot.js";
import { isSandboxError } from "../../src/core/error.js";
import { type CommitCase, openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openLoopFs } from "../support/loop-fs.js";
import { mountProject } from "../support/mount-project.js";
import { openTempDir } from "../support/temp-tree.js";
import { everyKindSealed } from "./every-kind.js";

/**
 * Where the inode of a replaced file cannot be kept, a link to a file that stays is not made again. With what only root can set: access
 * lists of others, capabilities.
 */
const noSplitLink = {
  ...everyKindSealed,
  prepare: `${everyKindSealed.prepare}; setfacl -m u:1234:rw kept; setfacl -d -m g:1235:rx dir; setcap cap_net_raw+ep mode`,
  edit: `${everyKindSealed.edit.replace("rm pair1; echo single > pair1", "rm pair1 pair2")}
    setfacl -m u:1236:r kept; setfacl -m u:1237:rwx chmodded; cp /bin/true able; setcap cap_net_bind_service+ep able; rm mode`,
};

const options = process.getuid?.() === 0 ? {} : { skip: "mounts filesystems, which only root may" };

for (const fs of [
  { type: "tmpfs", sizeMiB: 16 },
  { type: "ext4", sizeMiB: 32 },
  { type: "xfs", sizeMiB: 300 },
  { type: "btrfs", sizeMiB: 128 },
] as const) {
  test(`a workspace on a ${fs.type} of its own: copied, committed, rolled back`, options, () => {
    using dir = openTempDir();
    using loop = openLoopFs(fs);
    using _mount = mountProject(dir.path, loop.path);
    const session = openCommitCase(dir.path, noSplitLink);
    assert.equal(session.layers[0]?.staging, "copy", "control: it is another filesystem");
    checkThereAndBack(session);
  });

  test(
    `a workspace below a ${fs.type}, its layers beside it: renamed, pre-images copied`,
    options,
    () => {
      using dir = openTempDir();
      using loop = openLoopFs(fs);
      mkdirSync(path.join(loop.path, "case/project"), { recursive: true });
      symlinkSync(path.join(dir.path), path.join(loop.path, "case/state"));
      const session = openCommitCase(path.join(loop.path, "case"), noSplitLink, {
        commitsDir: path.join(dir.path, "commits"),
      });
      const [layers] = session.layers;
      assert.equal(layers?.staging, "rename", "control: it is the same filesystem");
      checkThereAndBack(session);
      assert.deepEqual(
        readdirSync(path.dirname(layers.upper)).filter((name) => name.startsWith("stage-")),
        [],
      );
    },
  );
}

function checkThereAndBack(session: CommitCase): void {
  const before = describeTree(session.workspace);
  session.commit();
  assert.equal(
    describeTree(session.workspace, { dirTimes: false }),
    describeTree(session.snapshot, { dirTimes: false }),
  );
  assert.deepEqual(session.reread().changes, []);
  const plan = session.rollback();
  assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []]);
  assert.equal(describeTree(session.workspace), before);
}

const BIG = "head -c 3000000 /dev/urandom > big; echo task > f; rm gone";
const MANY = "for i in $(seq 60); do echo $i > n$i; done; echo task > f; rm gone";

for (const { name, fs, edit, message } of [
  { name: "no space", fs: { sizeMiB: 1 }, edit: BIG, message: /^big: no space left/ },
  {
    name: "no inodes",
    fs: { sizeMiB: 8, inodes: 40 },
    edit: MANY,
    message: /^n\d+: no space left/,
  },
]) {
  test(
    `${name} on the filesystem of the workspace: the old tree, and it works once there is`,
    options,
    () => {
      using dir = openTempDir();
      using loop = openLoopFs({ type: "tmpfs", ...fs });
      using _mount = mountProject(dir.path, loop.path);
      const session = openCommitCase(dir.path, { base: ["f=old", "gone=gone"], edit });
      checkRefused(session, message);
      run("mount", "-o", "remount,size=16m,nr_inodes=1000", loop.path);
      session.commit({ id: "b" });
      assert.deepEqual(session.reread().changes, []);
    },
  );
}

test("no space for the journal: nothing was begun", options, () => {
  using loop = openLoopFs({ type: "ext4", sizeMiB: 8 });
  const session = openCommitCase(loop.path, { base: ["f=old", "gone=gone"], edit: MANY });
  const filler = path.join(loop.path, "filler");
  mkdirSync(session.commitDir(), { recursive: true });
  fill(filler);
  checkRefused(session, /no space left/);
  rmSync(filler);
  session.commit({ id: "b" });
  assert.deepEqual(session.reread().changes, []);
});

test(
  "a filesystem that became read-only: the old tree, and it works once it is not",
  options,
  () => {
    using dir = openTempDir();
    using loop = openLoopFs({ type: "ext4", sizeMiB: 16 });
    using _mount = mountProject(dir.path, loop.path);
    const session = openCommitCase(dir.path, { base: ["f=old", "gone=gone"], edit: MANY });
    run("mount", "-o", "remount,ro,bind", path.join(dir.path, "project"));
    checkRefused(session, /read-only/);
    run("mount", "-o", "remount,rw,bind", path.join(dir.path, "project"));
    session.commit({ id: "b" });
    assert.deepEqual(session.reread().changes, []);
  },
);

function checkRefused(session: CommitCase, message: RegExp): void {
  const before = describeTree(session.workspace);
  const { digest } = session.reread();
  assert.throws(
    () => session.commit(),
    (error) => isSandboxError(error) && message.test(error.message) && !/\n/.test(error.message),
  );
  assert.equal(describeTree(session.workspace), before);
  assert.equal(session.reread().digest, digest);
  if (isHot(session.commitDir())) assert.equal(session.recover().outcome, "undone");
  assert.equal(describeTree(session.workspace), before);
}

/** Until not a byte is free. */
function fill(file: string): void {
  for (let size = 1 << 20; size > 0; size = Math.floor(size / 4)) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch {
      // Full at this size: smaller pieces may still fit.
    }
  }
}

function run(file: string, ...argv: readonly string[]): void {
  const result = spawnSync(file, argv, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${file} ${argv.join(" ")}: ${result.stderr}`);
}
