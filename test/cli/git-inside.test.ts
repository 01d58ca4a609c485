import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { describeTree } from "../support/describe-tree.js";
import { openPerson, type Person } from "../support/person.js";

const GIT_ENV = {
  ...{ GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
  ...{
    GIT_AUTHOR_NAME: "a",
    GIT_AUTHOR_EMAIL: "a@x",
    GIT_COMMITTER_NAME: "a",
    GIT_COMMITTER_EMAIL: "a@x",
  },
};
const INSIDE = `export ${Object.entries(GIT_ENV)
  .map(([name, value]) => `${name}=${value}`)
  .join(" ")}; `;

/** The tree is the test's own; hooks and fsmonitor of a task's making still never run. */
function git(person: Person, ...args: readonly string[]): string {
  const safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];
  const { status, stdout, stderr } = person.run(["git", ...safe, ...args], { env: GIT_ENV });
  assert.equal(status, 0, `git ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

function openRepository(): Person {
  const person = openPerson("root");
  person.make({ "a.txt": "one\n", "b.txt": "b\n" });
  git(person, "init", "-q", "-b", "main");
  git(person, "add", ".");
  git(person, "commit", "-q", "-m", "first");
  git(person, "branch", "old");
  return person;
}

function runInside(person: Person, script: string): string {
  const run = person.sandbox(["run", "--", "sh", "-ec", INSIDE + script]);
  assert.equal(run.status, 0, run.stderr);
  return run.stderr;
}

test("commits, branches, a rebase and a stash come over whole", () => {
  using person = openRepository();
  const before = describeTree(person.project);
  const summary = runInside(
    person,
    `git checkout -q -b feature; echo two >> a.txt; git commit -qam "add two $(printf '\\033[31m')"
     git checkout -q main; echo c > c.txt; git add c.txt; git commit -qm "add c"
     git checkout -q feature; git rebase -q main; git branch -D -q old; git tag v1
     echo wip >> b.txt; git stash -q; git gc -q --prune=now`,
  );
  assert.match(summary, /^\.git\/ {2}\d+ changes of git's own data$/m);
  assert.match(summary, /^ {2}HEAD {2}main → feature$/m);
  assert.match(summary, /^ {2}old {2}removed, it was [0-9a-f]{10}$/m);
  assert.match(summary, /^ {4}[0-9a-f]{10} {2}add c$/m);
  assert.match(summary, /^ {4}[0-9a-f]{10} {2}WIP on feature/m);
  assert.ok(!summary.includes("\u001b"));
  assert.equal(describeTree(person.project), before);

  const { json } = person.sandboxJson(["diff", "latest"]);
  assert.ok(OUTPUT_SCHEMAS.diff.safeParse(json).success);
  const names = json.git[0].refs.map((ref: { name: string }) => ref.name);
  for (const name of ["feature", "main", "old"])
    assert.ok(names.includes(`refs/heads/${name}`), name);
  const patch = person.sandbox(["diff", "latest"]).stdout;
  assert.match(patch, /^# \.git\/ /m);
  assert.doesNotMatch(patch, /^diff --git a\/\.git\//m);

  const commit = person.sandboxJson(["commit", "latest", "--yes", ".", ".git"]);
  assert.equal(commit.status, 0, commit.stderr);
  assert.equal(git(person, "fsck", "--full", "--strict"), "");
  assert.equal(git(person, "log", "--format=%s", "main"), "add c\nfirst");
  assert.match(git(person, "log", "--format=%s", "feature"), /^add two .*\nadd c\nfirst$/);
  assert.equal(git(person, "stash", "list", "--format=%gd"), "stash@{0}");
  assert.equal(git(person, "status", "--porcelain"), "");
});

test("a rollback leaves the repository byte for byte as it was", () => {
  using person = openRepository();
  const before = describeTree(person.project);
  runInside(person, "echo two >> a.txt; git commit -qam two; git pack-refs --all");
  const { json, status } = person.sandboxJson(["commit", "latest", "--yes", ".", ".git"]);
  assert.equal(status, 0);
  assert.equal(git(person, "rev-list", "--count", "main"), "2");
  assert.equal(person.sandbox(["rollback", json.commit]).status, 0);
  assert.equal(describeTree(person.project), before);
  assert.equal(git(person, "rev-list", "--count", "main"), "1");
});

test("any part of the repository's data brings the rest; hooks, configuration and locks only come by name", () => {
  using person = openRepository();
  runInside(
    person,
    `echo two >> a.txt; git commit -qam two; printf '#!/bin/sh\\n' > .git/hooks/pre-push; chmod +x .git/hooks/pre-push
     git config core.editor evil; : > .git/index.lock; : > .git/refs/heads/main.lock`,
  );
  const hook = person.sandboxJson(["commit", "latest", "--yes", ".git/hooks"]);
  assert.deepEqual([hook.status, hook.json.error?.code], [4, "denied"]);
  const part = person.sandboxJson(["commit", "latest", "--yes", ".git/refs", ".git"]);
  assert.equal(part.status, 0, part.stderr);
  assert.match(part.stderr, /left out.*\.git\/config/);
  const applied = part.json.applied.map((one: { path: string }) => one.path);
  for (const name of [".git/index", ".git/refs/heads/main", ".git/logs/HEAD"])
    assert.ok(applied.includes(name), name);
  for (const name of [".git/index.lock", ".git/refs/heads/main.lock", ".git/hooks/pre-push"])
    assert.ok(!existsSync(path.join(person.project, name)), name);
  assert.equal(git(person, "fsck", "--full"), "");
  assert.equal(git(person, "config", "--default", "none", "core.editor"), "none");

  const named = person.sandboxJson(["commit", "latest", "--yes", ".git/hooks/pre-push"]);
  assert.equal(named.status, 0, named.stderr);
  assert.ok(existsSync(path.join(person.project, ".git/hooks/pre-push")));
});

test("a person's own use of git since the task began is a conflict of the whole repository", () => {
  using person = openRepository();
  runInside(person, "echo two >> a.txt; git commit -qam two; echo n > new.txt");
  git(person, "branch", "mine");
  const { status, json } = person.sandboxJson(["commit", "latest", "--yes", ".", ".git"]);
  assert.equal(status, 3);
  assert.match(json.conflicts[0].reason, /git was used there on the host/);
  assert.equal(git(person, "rev-list", "--count", "main"), "1");
  const control = person.sandboxJson(["commit", "latest", "--yes", "new.txt"]);
  assert.equal(control.status, 0, control.stderr);
});

test("a lock of git's on the host, and a ref whose name has slashes, are use of git too", () => {
  using person = openRepository();
  git(person, "branch", "deep/er/one");
  runInside(person, "echo two >> a.txt; git commit -qam two");
  const args = ["commit", "latest", "--yes", ".", ".git"];
  person.make({ ".git/index.lock": "" });
  const locked = person.sandboxJson(args);
  assert.equal(locked.status, 3);
  assert.match(locked.json.conflicts[0].reason, /at work there.*index\.lock/);
  rmSync(path.join(person.project, ".git/index.lock"));
  assert.equal(person.sandboxJson([...args, "--dry-run"]).status, 0, "control");
  git(
    person,
    "update-ref",
    "refs/heads/deep/er/one",
    git(person, "commit-tree", "-m", "m", "HEAD^{tree}"),
  );
  const used = person.sandboxJson(args);
  assert.equal(used.status, 3);
  assert.match(used.json.conflicts[0].reason, /was used there.*refs\/heads/);
});

test("a submodule's repository and another work tree's come with the main one", () => {
  using person = openRepository();
  const url = path.join(person.home, "sub");
  person.run(["git", "clone", "-q", "--bare", ".", url], { env: GIT_ENV });
  git(person, "-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "lib/sub");
  git(person, "commit", "-q", "-m", "submodule");
  git(person, "worktree", "add", "-q", "wt", "-b", "side");
  runInside(
    person,
    "cd lib/sub; echo s >> a.txt; git commit -qam sub; cd ../../wt; echo w >> a.txt; git commit -qam side",
  );
  const { status, stderr } = person.sandboxJson(["commit", "latest", "--yes", ".", ".git"]);
  assert.equal(status, 0, stderr);
  assert.equal(git(person, "-C", "lib/sub", "log", "-1", "--format=%s"), "sub");
  assert.equal(git(person, "-C", "wt", "log", "-1", "--format=%s"), "side");
  assert.equal(git(person, "-C", "wt", "status", "--porcelain"), "");
  for (const place of [".", "lib/sub"])
    assert.equal(git(person, "-C", place, "fsck", "--full"), "");
});
