import assert from "node:assert/strict";
import { chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { openPlainUser } from "../support/plain-user.js";

const SUITES = ["apply-commit", "conflicts", "partial", "rollback"];
const isRoot = process.getuid?.() === 0;
const options = isRoot ? {} : { skip: "these suites run as this plain user anyway" };

test("an ordinary user can do all of it", { ...options, timeout: 120_000 }, () => {
  using user = openPlainUser();
  const files = SUITES.map((name) => toPath(`./${name}.test.js`));
  const env = { TMPDIR: user.home };
  const result = user.run([process.execPath, "--test", ...files], { env });
  assert.equal(result.status, 0, result.stdout.slice(-4000) + result.stderr);
  assert.match(result.stdout, /# pass [4-9]\d\n/);
});

test(
  "an ordinary user's commit keeps root's files, and gives them back as they were",
  options,
  () => {
    using user = openPlainUser();
    const project = path.join(user.home, "project");
    mkdirSync(path.join(project, "empty"), { recursive: true });
    writeFileSync(path.join(project, "theirs"), "root's\n", { mode: 0o600 });
    writeFileSync(path.join(project, "readable"), "root's\n", { mode: 0o644 });
    user.give(project);
    chownSync(path.join(project, "readable"), 0, user.gid);
    const child = fileURLToPath(new URL("./user-child.js", import.meta.url));
    const result = user.run([process.execPath, child, user.home]);
    assert.equal(result.status, 0, result.stderr);
    for (const name of ["theirs", "readable", "empty"])
      assert.equal(statSync(path.join(project, name)).uid, 0, name);
    assert.equal(statSync(path.join(project, "theirs")).mode & 0o777, 0o600);
  },
);

function toPath(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
