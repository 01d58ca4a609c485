import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { describeTree } from "../support/describe-tree.js";
import { openPerson, type Person } from "../support/person.js";

const FILES = { "f.txt": "old\n", "g.txt": "old\n", "d/a": "a\n", "d/b": "b\n", "d/e/c": "c\n" };
const EDIT =
  "echo task > f.txt; echo task > g.txt; rm -r d; mkdir -p n/m; echo x > n/m/x; echo y > n/y";

interface Committed {
  readonly id: string;
  /** The project before the commit and after it. */
  readonly before: string;
  readonly after: string;
}

function commitAll(person: Person): Committed {
  person.make(FILES);
  const before = describeTree(person.project);
  const run = person.sandbox(["run", "--", "sh", "-ec", EDIT]);
  assert.equal(run.status, 0, run.stderr);
  const { status, json } = person.sandboxJson(["commit", "latest", "--yes"]);
  assert.equal(status, 0);
  return { id: json.commit, before, after: describeTree(person.project) };
}

const paths = (list: readonly { path: string }[]): readonly string[] =>
  list.map((one) => one.path).toSorted();

test("a dry run says of each path what happens to it, and writes nothing", () => {
  using person = openPerson("root");
  const { id, after } = commitAll(person);
  writeFileSync(path.join(person.project, "g.txt"), "old\n");
  const { status, json } = person.sandboxJson(["rollback", id, "--dry-run"]);
  assert.equal(status, 0);
  assert.deepEqual(paths(json.unchanged), ["g.txt"]);
  const actions = json.restored.map(
    (one: { action: string; path: string }) => `${one.action} ${one.path}`,
  );
  assert.deepEqual(actions.toSorted(), [
    ...["recreate d", "recreate d/a", "recreate d/b", "recreate d/e", "recreate d/e/c"],
    ...["remove n", "remove n/m", "remove n/m/x", "remove n/y", "restore f.txt"],
  ]);
  const text = person.sandbox(["rollback", id, "--dry-run"]).stdout;
  assert.match(text, /\+ d\/a +the commit removed it/);
  assert.match(text, /- n\/y +the commit made it/);
  assert.match(text, /= g\.txt +is as before the commit already/);
  const line = /^.*g\.txt.*$/m;
  assert.equal(describeTree(person.project).replace(line, ""), after.replace(line, ""));
});

test("a part comes back with the directories it needs, the rest later, and what came back is left alone then", () => {
  using person = openPerson("root");
  const { id, before } = commitAll(person);
  const part = person.sandboxJson(["rollback", id, "d/e"]);
  assert.equal(part.status, 0, part.stderr);
  assert.deepEqual(paths(part.json.restored), ["d", "d/e", "d/e/c"]);
  assert.equal(part.json.state, "partly-rolled-back");
  assert.equal(part.json.remaining, 8);
  assert.ok(!existsSync(path.join(person.project, "d/a")));
  assert.equal(readFileSync(path.join(person.project, "f.txt"), "utf8"), "task\n");

  assert.equal(person.sandboxJson(["ls"]).json.sessions[0].rolledBack, "partly");
  const shown = person.sandboxJson(["show", "latest"]).json;
  assert.deepEqual(
    shown.history.map((one: { state: string }) => one.state),
    ["partly-rolled-back", "sealed"],
  );
  assert.match(person.sandbox(["show", "latest"]).stdout, /committed, partly rolled back/);
  assert.match(person.sandbox(["ls", "--all"]).stdout, /partly rolled back/);

  writeFileSync(path.join(person.project, "d/e/c"), "mine\n");
  const rest = person.sandbox(["rollback", "latest"]);
  assert.equal(rest.status, 0, rest.stderr);
  assert.match(rest.stderr, /latest: .*partly rolled back/);
  assert.equal(readFileSync(path.join(person.project, "d/e/c"), "utf8"), "mine\n");
  writeFileSync(path.join(person.project, "d/e/c"), "c\n");
  const line = /^.*d\/e\/c.*$/m;
  assert.equal(describeTree(person.project).replace(line, ""), before.replace(line, ""));
  assert.equal(person.sandboxJson(["ls"]).json.sessions[0].rolledBack, "wholly");
  assert.equal(person.sandbox(["rollback", id]).status, 2);
});

test("directories have their old times when the last part is back", () => {
  using person = openPerson("root");
  const { id, before } = commitAll(person);
  for (const part of ["f.txt", "d/a", "n/m", "d", "n", "g.txt"])
    assert.equal(person.sandbox(["rollback", id, part]).status, 0, part);
  assert.equal(describeTree(person.project), before);
});

test("a rolled back part is brought back by its own id, in full or in part, and can go again", () => {
  using person = openPerson("root");
  const { id, before } = commitAll(person);
  const afterFiles = describeTree(person.project, { dirTimes: false });
  const first = person.sandboxJson(["rollback", id, "d", "f.txt"]).json.rollback;
  const state = (commit: string): string =>
    person
      .sandboxJson(["show", "latest"])
      .json.history.find((one: { commit: string }) => one.commit === commit).state;

  const again = person.sandboxJson(["rollback", first, "d/e"]);
  assert.equal(again.status, 0, again.stderr);
  assert.deepEqual([state(id), state(first)], ["partly-rolled-back", "partly-rolled-back"]);
  assert.ok(!existsSync(path.join(person.project, "d/e")));
  assert.ok(existsSync(path.join(person.project, "d/a")));

  assert.equal(person.sandbox(["rollback", first]).status, 0);
  assert.deepEqual([state(id), state(first)], ["sealed", "rolled-back"]);
  assert.equal(describeTree(person.project, { dirTimes: false }), afterFiles);

  const last = person.sandboxJson(["rollback", id]);
  assert.equal(last.status, 0);
  assert.deepEqual(last.json.unrestorable, []);
  assert.equal(describeTree(person.project), before);
});

test("a conflict stops only a rollback that is about it", () => {
  using person = openPerson("root");
  const { id } = commitAll(person);
  writeFileSync(path.join(person.project, "f.txt"), "later\n");
  const whole = person.sandbox(["rollback", id]);
  assert.equal(whole.status, 3);
  assert.match(whole.stdout, /! f\.txt +changed since the commit/);
  assert.equal(person.sandbox(["rollback", id, "f.txt"]).status, 3);
  assert.equal(person.sandbox(["rollback", id, "g.txt", "n", "d"]).status, 0);
  assert.equal(readFileSync(path.join(person.project, "f.txt"), "utf8"), "later\n");
});

test("a PATH outside the workspaces, or one the commit wrote nothing at, is a usage error", () => {
  using person = openPerson("root");
  const { id, after } = commitAll(person);
  for (const wrong of ["/etc/passwd", "../elsewhere", "nothing-here", "f.txt/x"]) {
    const { status, json } = person.sandboxJson(["rollback", id, wrong]);
    assert.deepEqual([status, json.error.code], [2, "usage"], wrong);
  }
  assert.equal(describeTree(person.project), after);
});
