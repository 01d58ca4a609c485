import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openLoopFs } from "../support/loop-fs.js";
import { openPlainUser } from "../support/plain-user.js";

const isRoot = process.getuid?.() === 0;
const rootOnly = isRoot ? {} : { skip: "makes users and mounts: only as root" };

test("the plain user is not root, owns its home, and is gone afterwards", rootOnly, () => {
  let name = "";
  let home = "";
  {
    using user = openPlainUser();
    ({ name, home } = user);
    assert.equal(user.run(["id", "-u"]).stdout.trim(), String(user.uid));
    assert.notEqual(user.uid, 0);
    assert.match(user.run(["id", "-Gn"]).stdout, new RegExp(`\\b${user.extraGroup?.name}\\b`));
    assert.equal(user.run(["sh", "-c", "echo x > ~/x && cat ~/x"]).stdout, "x\n");
    assert.notEqual(user.run(["cat", "/etc/shadow"]).status, 0);
    assert.equal(user.run(["env"], { env: { A: "1" } }).stdout.includes("NODE_"), false);
  }
  assert.equal(existsSync(home), false);
  assert.equal(readFileSync("/etc/passwd", "utf8").includes(name), false);
  assert.equal(readFileSync("/etc/group", "utf8").includes(name), false);
});

for (const type of ["ext4", "xfs", "tmpfs"] as const) {
  test(`a small ${type} is a filesystem of its own, and is gone afterwards`, rootOnly, () => {
    let mountPoint = "";
    {
      using fs = openLoopFs({ type, sizeMiB: type === "xfs" ? 300 : 16 });
      mountPoint = fs.path;
      assert.notEqual(statSync(fs.path).dev, statSync(path.dirname(fs.path)).dev);
      writeFileSync(path.join(fs.path, "a"), "a");
      fs.remount("ro");
      assert.throws(() => writeFileSync(path.join(fs.path, "b"), "b"), { code: "EROFS" });
    }
    assert.equal(existsSync(mountPoint), false);
    assert.equal(spawnSync("findmnt", [mountPoint]).status, 1);
  });
}

test("a small filesystem ends where it was told to", rootOnly, () => {
  using few = openLoopFs({ type: "tmpfs", sizeMiB: 4, inodes: 8 });
  assert.throws(
    () => {
      for (let at = 0; at < 8; at++) writeFileSync(path.join(few.path, String(at)), "");
    },
    { code: "ENOSPC" },
  );
});
