import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { type CommitCase, native, openCommitCase, toCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";
import { watchOps } from "../support/watch-ops.js";

const rootOnly = process.getuid?.() === 0 ? {} : { skip: "gives files away, which only root may" };
const TASK = 54_321;

/** The session as it is where root's task runs as an ordinary id over an idmapped workspace of root's. */
function asSwapped(session: CommitCase): CommitCase {
  const layers = session.layers.map((one) => ({
    ...one,
    ...({ taskUid: TASK, taskGid: TASK, idmap: "swap-root" } as const),
  }));
  for (const { upper } of layers)
    run("find", upper, "-uid", "0", "-exec", "chown", "-h", `${TASK}:${TASK}`, "{}", "+");
  return toCommitCase({ ...session, layers, changeset: readChangeset(layers, { native }) });
}

test(
  "what the task made belongs to whom its directory belongs, the rest to whom it did",
  rootOnly,
  () => {
    using dir = openTempDir();
    const plain = openCommitCase(dir.path, {
      base: ["f=old", "theirs/x=1"],
      prepare: "chown -R 1234:1235 theirs",
      edit: "echo task > f; echo n > n; mkdir -p theirs/new; echo y > theirs/new/y; ln -s f l; mkfifo p",
    });
    const session = asSwapped(plain);
    session.commit({ newFiles: "parent" });
    const owners = ["f", "n", "l", "p", "theirs/new", "theirs/new/y"].map((name) => {
      const { uid, gid } = lstatSync(path.join(session.workspace, name));
      return `${name} ${uid}:${gid}`;
    });
    const own = ["theirs/new 1234:1235", "theirs/new/y 1234:1235"];
    assert.deepEqual(owners, ["f 0:0", "n 0:0", "l 0:0", "p 0:0", ...own]);
  },
);

test("an attempt that fails gives the layers their owners back", rootOnly, () => {
  using dir = openTempDir();
  const session = asSwapped(
    openCommitCase(dir.path, { base: ["f=old"], edit: "echo task > f; echo n > n; echo m > m" }),
  );
  let renames = 0;
  const fault = watchOps((call) => {
    if (call.name === "rename") renames += 1;
    // The first gives the journal its name.
    if (renames === 5) throw Object.assign(new Error("EIO"), { code: "EIO" });
  });
  assert.throws(
    () => session.commit({ ops: fault.ops, newFiles: "parent" }),
    /input\/output error/,
  );
  const upper = session.layers[0]?.upper ?? "";
  for (const name of readdirSync(upper)) assert.equal(statSync(path.join(upper, name)).uid, TASK);
  assert.equal(readChangeset(session.layers, { native }).digest, session.changeset.digest);
});

test("setuid bits and attributes survive the change of owner", rootOnly, () => {
  using dir = openTempDir();
  const session = asSwapped(
    openCommitCase(dir.path, {
      base: ["f=old"],
      edit: "echo n > n; chmod 4755 n; setfattr -n user.note -v x n; setfacl -m u:1:r n; echo m > m",
    }),
  );
  run("chmod", "4755", path.join(session.layers[0]?.upper ?? "", "n"));
  const again = toCommitCase({ ...session, changeset: readChangeset(session.layers, { native }) });
  again.commit({ newFiles: "parent" });
  const file = path.join(session.workspace, "n");
  assert.equal(statSync(file).mode & 0o7777, 0o4755);
  assert.deepEqual(native.llistxattr(file).toSorted(), ["system.posix_acl_access", "user.note"]);
});

test("the workspace's own mode is a change like another", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, { base: ["f=old"], edit: "chmod 750 .; echo task > f" });
  const before = describeTree(session.workspace);
  session.commit();
  assert.equal(statSync(session.workspace).mode & 0o777, 0o750);
  session.rollback();
  assert.equal(describeTree(session.workspace), before);
});

test("a thousand levels, and paths longer than the kernel takes", () => {
  using dir = openTempDir();
  const each = (make: string): string =>
    `for (let i = 0; i < 1000; i++) { ${make} process.chdir('long-name'); }`;
  const make = `${each("fs.mkdirSync('long-name');")} fs.writeFileSync('leaf', 'deep');`;
  const edit = `${process.execPath} -e "${make}"`;
  const session = openCommitCase(dir.path, { base: ["f=old"], edit }, { snapshot: false });
  assert.equal(session.changeset.changes.length, 1001);
  session.commit();
  const read = `process.chdir(process.argv[1]); ${each("")} console.log(fs.readFileSync('leaf', 'utf8'));`;
  assert.equal(run(process.execPath, "-e", read, session.workspace), "deep\n");
  session.rollback();
  assert.deepEqual(readdirSync(session.workspace), ["f"]);
});

for (const staging of ["rename", "copy"] as const) {
  test(`several workspaces are one commit: all or nothing (${staging})`, () => {
    using one = openTempDir();
    using two = openTempDir();
    const task = {
      base: ["f=old", "gone=x"],
      edit: "echo task > f; rm gone; mkdir n; echo n > n/n",
    };
    const first = openCommitCase(one.path, task, { staging });
    const second = openCommitCase(two.path, task, { staging });
    const layers = [...first.layers, ...second.layers];
    const session = toCommitCase({
      ...first,
      layers,
      changeset: readChangeset(layers, { native }),
    });
    const trees = (): string => describeTree(first.workspace) + describeTree(second.workspace);
    const old = trees();
    for (let count = 1; ; count += 7) {
      const fault = watchOps((call) => {
        if (call.count === count) throw Object.assign(new Error("EIO"), { code: "EIO" });
      });
      const id = "bcdefghijklmnopqrstuvwxyz"[(count - 1) / 7] ?? "z";
      try {
        session.commit({ ops: fault.ops, id });
        break;
      } catch {
        assert.equal(trees(), old, `after a failure at ${count}`);
      }
    }
    for (const workspace of [first.workspace, second.workspace])
      assert.equal(readFileSync(path.join(workspace, "f"), "utf8"), "task\n");
  });
}

test("a task whose files changed in the layers after the review is refused", () => {
  for (const [tamper, refused] of [
    ["echo evil > f", true],
    ["printf 'TASK\\n' > f", true],
    ["rm f; ln -s /etc/passwd f", true],
    ["chmod 777 f", true],
    ["setfattr -n user.x -v 1 f", true],
    ["rm n", true],
    ["echo new > gone", true],
    ["touch f n", false],
  ] as const) {
    using dir = openTempDir();
    const session = openCommitCase(dir.path, {
      base: ["f=old", "gone=x"],
      edit: "echo task > f; echo n > n; rm gone",
    });
    const before = describeTree(session.workspace);
    const upper = session.layers[0]?.upper ?? "";
    run("sh", "-ec", `cd "$0"; rm -f gone; ${tamper}`, upper);
    if (!refused) session.commit();
    else assert.throws(() => session.commit(), { code: "changed-since-review" }, tamper);
    if (refused) assert.equal(describeTree(session.workspace), before);
  }
});

test("overlayfs's own attributes are never written to a workspace", () => {
  using dir = openTempDir();
  const session = openCommitCase(dir.path, {
    base: ["f=old", "d/a=1"],
    edit: "echo task > f; mv d e; echo x > e/x",
  });
  session.commit();
  const names = run("sh", "-c", `getfattr -R -h -d -m - --absolute-names "$0"`, session.workspace);
  assert.doesNotMatch(names, /overlay/);
});

function run(file: string, ...argv: readonly string[]): string {
  const result = spawnSync(file, argv, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${file} ${argv.join(" ")}: ${result.stderr}`);
  return result.stdout;
}
