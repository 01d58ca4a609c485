import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);
const EDIT = "echo fixed > notes.txt; rm old.txt; printf 'a\\nB\\n' > mod.txt";
const FILES = { "old.txt": "old\n", "mod.txt": "a\nb\n", "keep.txt": "keep\n" };

for (const kind of KINDS) {
  test(`${kind}: a run changes nothing real until it is committed, and a rollback brings all back`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    const file = (name: string): string => path.join(person.project, name);
    const before = lstatSync(file("old.txt"), { bigint: true });

    const run = person.sandbox(["run", "--", "sh", "-c", EDIT]);
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stderr, /1 added, 1 modified, 1 deleted/);
    assert.equal(readFileSync(file("mod.txt"), "utf8"), "a\nb\n");
    assert.ok(existsSync(file("old.txt")) && !existsSync(file("notes.txt")));

    const diff = person.sandbox(["diff", "latest"]);
    assert.match(diff.stdout, /^-b\n\+B$/m);
    assert.match(diff.stdout, /deleted file mode 100644/);

    const commit = person.sandbox(["commit", "latest", "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    assert.equal(readFileSync(file("mod.txt"), "utf8"), "a\nB\n");
    assert.equal(readFileSync(file("notes.txt"), "utf8"), "fixed\n");
    assert.ok(!existsSync(file("old.txt")));
    const made = lstatSync(file("notes.txt"));
    assert.deepEqual([made.uid, made.mode & 0o777], [person.uid, 0o644]);

    const rollback = person.sandbox(["rollback", "latest"]);
    assert.equal(rollback.status, 0, rollback.stderr);
    assert.equal(readFileSync(file("mod.txt"), "utf8"), "a\nb\n");
    assert.ok(!existsSync(file("notes.txt")));
    const after = lstatSync(file("old.txt"), { bigint: true });
    assert.deepEqual(
      [after.mtimeNs, after.mode, after.uid],
      [before.mtimeNs, before.mode, before.uid],
    );
  });

  test(`${kind}: without a terminal nothing is committed that nobody approved`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    person.sandbox(["run", "--name", "one", "--", "sh", "-c", EDIT]);
    const refused = person.sandboxJson(["commit", "one"]);
    assert.equal(refused.status, 4);
    assert.equal(refused.json.error.code, "denied");
    assert.equal(readFileSync(path.join(person.project, "mod.txt"), "utf8"), "a\nb\n");
    const control = person.sandboxJson(["commit", "one", "--yes"]);
    assert.equal(control.status, 0);
    assert.deepEqual(
      control.json.applied.map((place: { path: string }) => place.path),
      ["mod.txt", "notes.txt", "old.txt"],
    );
  });

  test(`${kind}: an edit by the person since the run is a conflict, and nothing is written`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    person.sandbox(["run", "--", "sh", "-c", EDIT]);
    person.make({ "mod.txt": "mine\n" });
    const commit = person.sandboxJson(["commit", "latest", "--yes"]);
    assert.equal(commit.status, 3);
    assert.deepEqual(
      commit.json.conflicts.map((place: { path: string }) => place.path),
      ["mod.txt"],
    );
    const told = person.sandbox(["commit", "latest", "--yes"]).stderr;
    assert.equal(told.split("--theirs PATH").length, 2, `the ways out are told once: ${told}`);
    assert.equal(readFileSync(path.join(person.project, "mod.txt"), "utf8"), "mine\n");
    assert.ok(!existsSync(path.join(person.project, "notes.txt")));
    const rest = person.sandbox(["commit", "latest", "notes.txt", "old.txt", "--yes"]);
    assert.equal(rest.status, 0, rest.stderr);
    assert.ok(existsSync(path.join(person.project, "notes.txt")));
    assert.equal(person.sandboxJson(["show", "latest"]).json.state, "partial");
  });

  test(`${kind}: a selected path is committed alone, the rest can follow, each undone by itself`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    person.sandbox([
      "run",
      "--",
      "sh",
      "-c",
      `${EDIT}; mkdir -p new/deep; echo x > new/deep/x; echo y > new/y`,
    ]);
    const first = person.sandboxJson(["commit", "latest", "new/deep/x", "--yes"]);
    assert.equal(first.status, 0, first.stderr);
    assert.ok(existsSync(path.join(person.project, "new/deep/x")));
    assert.ok(!existsSync(path.join(person.project, "new/y")));
    assert.equal(readFileSync(path.join(person.project, "mod.txt"), "utf8"), "a\nb\n");
    const second = person.sandboxJson(["commit", "latest", "--yes"]);
    assert.equal(second.status, 0, second.stderr);
    assert.ok(existsSync(path.join(person.project, "new/y")));
    assert.equal(person.sandbox(["rollback", second.json.commit]).status, 0);
    assert.ok(existsSync(path.join(person.project, "new/deep/x")));
    assert.ok(!existsSync(path.join(person.project, "new/y")));
    assert.equal(person.sandbox(["rollback", first.json.commit]).status, 0);
    assert.ok(!existsSync(path.join(person.project, "new")));
  });

  test(`${kind}: layers that were altered after the run are refused, even with --yes`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    person.sandbox(["run", "--", "sh", "-c", EDIT]);
    const { json } = person.sandboxJson(["show", "latest"]);
    const upper: string = json.spec.mounts[0].upper;
    const again = person.sandbox(["diff", "latest"]);
    assert.equal(again.status, 0, "control: untouched layers can be read again");
    writeFileSync(path.join(upper, "notes.txt"), "forged\n");
    assert.equal(person.sandbox(["commit", "latest", "--yes"]).status, 5);
    assert.ok(!existsSync(path.join(person.project, "notes.txt")));
  });

  test(`${kind}: what runs later on the host needs its path named`, () => {
    using person = openPerson(kind);
    person.make({ "package.json": "{}\n" });
    person.sandbox([
      "run",
      "--",
      "sh",
      "-c",
      "echo '{\"scripts\":{}}' > package.json; echo x > a.txt",
    ]);
    const refused = person.sandbox(["commit", "latest", "--yes"]);
    assert.equal(refused.status, 4);
    assert.match(refused.stderr, /package\.json/);
    const named = person.sandbox(["commit", "latest", "package.json", "--yes"]);
    assert.equal(named.status, 0, named.stderr);
    assert.equal(person.sandbox(["commit", "latest", "--yes"]).status, 0);
  });

  test(`${kind}: exec works on the same layers and makes one changeset of both`, () => {
    using person = openPerson(kind);
    person.make(FILES);
    person.sandbox(["run", "--name", "two", "--", "sh", "-c", EDIT]);
    const exec = person.sandbox([
      "exec",
      "two",
      "--",
      "sh",
      "-c",
      "cat notes.txt; echo more > more.txt",
    ]);
    assert.equal(exec.status, 0, exec.stderr);
    assert.equal(exec.stdout, "fixed\n");
    const { json } = person.sandboxJson(["diff", "two"]);
    assert.deepEqual(
      json.changes.map((change: { path: string; kind: string }) => `${change.kind} ${change.path}`),
      ["modify mod.txt", "add more.txt", "add notes.txt", "delete old.txt"],
    );
  });

  test(`${kind}: a hidden file is not there for the task, and its deletion is no change`, () => {
    using person = openPerson(kind);
    person.make({ ".env": "SECRET=1\n", "a.txt": "a\n" });
    const run = person.sandbox([
      "run",
      "--hide",
      ".env*",
      "--",
      "sh",
      "-c",
      "cat .env; rm -f .env; rm -rf ./* .env; ls -A",
    ]);
    assert.doesNotMatch(run.stdout, /SECRET/);
    const { json } = person.sandboxJson(["diff", "latest"]);
    assert.deepEqual(
      json.changes.map((change: { path: string }) => change.path),
      ["a.txt"],
    );
    const shown = person.sandbox(["run", "--", "cat", ".env"]);
    assert.match(shown.stdout, /SECRET/, "control: unhidden it can be read");
  });
}

/** The arguments of the command line that a hint gives, as a shell reads them. */
function readHint(stderr: string): readonly string[] {
  const [, line = ""] = /hint: look at them, then: sandbox (.*)/.exec(stderr) ?? [];
  assert.notEqual(line, "", stderr);
  const words = execFileSync("sh", ["-c", `printf '%s\\0' ${line}`], { encoding: "utf8" });
  return words.split("\0").slice(0, -1);
}

test("a directory that is named approves what runs later in it, a broad one does not, and the hint is a command that works", () => {
  using person = openPerson("plain user");
  person.sandbox([
    "run",
    "--",
    "sh",
    "-c",
    `mkdir -p node_modules/odd "node_modules/it's"; echo 1 > node_modules/odd/index.js; echo 2 > node_modules/odd/other.js
     echo 3 > "node_modules/it's/index.js"; echo '{"scripts":{}}' > package.json
     mkdir -p vendor/dep/.git/hooks; echo ref: refs/heads/main > vendor/dep/.git/HEAD; echo evil > vendor/dep/.git/hooks/pre-commit
     chmod +x vendor/dep/.git/hooks/pre-commit; echo x > vendor/dep/x`,
  ]);
  const isThere = (name: string) => existsSync(path.join(person.project, name));
  for (const broad of [[], ["."], ["./"], [person.project]]) {
    const refused = person.sandbox(["commit", "latest", "--yes", ...broad]);
    assert.equal(refused.status, 4, broad.join());
    assert.deepEqual(readHint(refused.stderr).slice(3), [
      ...(broad[0] === undefined ? ["."] : broad),
      "node_modules",
      "package.json",
      "vendor/dep/.git",
    ]);
  }
  const file = person.sandbox(["commit", "latest", "--yes", "node_modules/odd/index.js"]);
  assert.equal(file.status, 0, file.stderr);
  assert.ok(isThere("node_modules/odd/index.js") && !isThere("node_modules/odd/other.js"));
  const inside = { cwd: path.join(person.project, "node_modules") };
  const quoted = person.sandbox(["commit", "latest", "--yes", "."], inside);
  assert.equal(quoted.status, 4);
  const typed = readHint(quoted.stderr);
  assert.equal(person.sandbox(typed, inside).status, 0, typed.join(" "));
  assert.ok(isThere("node_modules/odd/other.js") && isThere("node_modules/it's/index.js"));
  const nested = person.sandbox(["commit", "latest", "--yes", "vendor"]);
  assert.equal(nested.status, 4, "a repository is named by its own directory");
  assert.ok(!isThere("vendor"));
  assert.equal(person.sandbox(readHint(nested.stderr)).status, 0);
  assert.ok(isThere("vendor/dep/.git/HEAD") && !isThere("vendor/dep/.git/hooks/pre-commit"));
});

test("a review of a directory is of all below it, and that of a file takes along the directories it needs", () => {
  using person = openPerson("plain user");
  const script =
    "mkdir -p node_modules/a/b; echo 1 > node_modules/a/b/x.js; cp -r node_modules/a node_modules/c";
  const { json } = person.sandboxJson(["run", "--", "sh", "-c", script]);
  const broad = person.sandbox(["review", json.session, "--approve", "."]);
  assert.equal(broad.status, 4, broad.stderr);
  const file = "node_modules/a/b/x.js";
  assert.equal(person.sandbox(["review", json.session, "--approve", file]).status, 0);
  const reviewed = person.sandbox(["commit", json.session, "--reviewed"]);
  assert.equal(reviewed.status, 0, reviewed.stderr);
  assert.ok(existsSync(path.join(person.project, file)));
  assert.ok(!existsSync(path.join(person.project, "node_modules/c")));
  assert.equal(person.sandbox(["review", json.session, "--approve", "node_modules"]).status, 0);
  assert.equal(person.sandbox(["commit", json.session, "--reviewed"]).status, 0);
  assert.ok(existsSync(path.join(person.project, "node_modules/c/b/x.js")));
});
