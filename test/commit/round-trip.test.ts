import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { openCommitCase } from "../support/commit-case.js";
import { describeTree } from "../support/describe-tree.js";
import { openTempDir } from "../support/temp-tree.js";

const NAMES = ["a", "b", "a/x", "a/y", "a/x/z", "b/x"] as const;

/** What one path can be. A path that lies below something other than a directory is not made. */
const entry = fc.constantFrom("/", "=1", "=22", "->a", "->nowhere", "|");
const tree = fc.dictionary(fc.constantFrom(...NAMES), entry, { maxKeys: NAMES.length });

/** Shell commands; each may fail, as the tree it meets may be any. */
const command = fc.oneof(
  fc
    .tuple(
      fc.constantFrom("rm -rf", "touch", "chmod 700", "chmod 644", "mkdir -p", "mkfifo"),
      name(),
    )
    .map(([verb, path]) => `${verb} ${path}`),
  fc
    .tuple(name(), fc.constantFrom("1", "22", "new"))
    .map(([path, text]) => `[ -p ${path} ] || printf ${text} > ${path}`),
  fc.tuple(name(), name()).map(([from, to]) => `mv -T ${from} ${to}`),
  fc.tuple(name(), name()).map(([from, to]) => `ln -P ${from} ${to}`),
  fc.tuple(name(), name()).map(([target, path]) => `ln -sfn ${target} ${path}`),
  name().map((path) => `setfattr -h -n user.note -v x ${path}`),
);

function name(): fc.Arbitrary<string> {
  return fc.constantFrom(...NAMES);
}

for (const staging of ["rename", "copy"] as const) {
  test(`commit gives what the task saw, rollback what was there (${staging})`, () => {
    fc.assert(
      fc.property(tree, fc.array(command, { minLength: 1, maxLength: 8 }), (lower, edit) => {
        using dir = openTempDir();
        const one = { base: toLines(lower), edit: edit.join("; ") };
        const session = openCommitCase(dir.path, one, { staging });
        const before = describeTree(session.workspace);
        session.commit();
        // A time alone is no change: what was written anew as it was keeps its old one.
        // And a link to a file that did not change is said to become a file of its own.
        const options = { times: false, links: session.changeset.notices.length === 0 };
        const wanted = describeTree(session.snapshot, options);
        assert.equal(describeTree(session.workspace, options), wanted);
        assert.deepEqual(session.reread().changes, []);
        const plan = session.rollback();
        assert.deepEqual([plan.conflicts, plan.unrestorable], [[], []]);
        assert.equal(describeTree(session.workspace), before);
      }),
      { numRuns: 40 },
    );
  });
}

/** Lines of the tree language, without what lies below anything but a directory. */
function toLines(lower: Readonly<Record<string, string>>): readonly string[] {
  const isDir = (path: string): boolean => lower[path] === undefined || lower[path] === "/";
  return Object.entries(lower)
    .filter(([path]) => {
      const parts = path.split("/");
      return parts.slice(1).every((_, index) => isDir(parts.slice(0, index + 1).join("/")));
    })
    .map(([path, sign]) => `${path}${sign}`);
}
