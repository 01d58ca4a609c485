// `node user-child.js DIR`, as an ordinary user: commits the removal and replacement of files that belong to root, and rolls
// it back.
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { openCommitCase } from "../support/commit-case.js";

const [dir = ""] = process.argv.slice(2);
const session = openCommitCase(dir, {
  base: [],
  edit: "rm -f theirs; rm -f readable; echo mine > readable; rmdir empty",
});
const isOwn = (name: string): boolean =>
  statSync(path.join(session.workspace, name)).uid === process.getuid?.();

assert.deepEqual(session.plan().conflicts, []);
// A directory of root's cannot be moved by others, so it could not be given back: refused.
assert.throws(() => session.commit(), { message: /^empty: permission denied/ });
assert.equal(existsSync(path.join(session.workspace, "theirs")), true);
session.commit({ select: ["theirs", "readable"], id: "b" });
assert.equal(existsSync(path.join(session.workspace, "theirs")), false);
assert.equal(isOwn("readable"), true);
const plan = session.rollback({ of: "b", id: "c" });
assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []]);
assert.equal(isOwn("readable"), false);
