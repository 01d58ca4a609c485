import assert from "node:assert/strict";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i}`);
const text = (all: readonly string[], end = "\n"): string => all.map((one) => one + end).join("");
const BASE = lines(30);
const SED = "s/line 2$/two/;s/line 15/fifteen/;s/line 28/twentyeight/";

function open(person: Person, files: Readonly<Record<string, string>>, task: string): void {
  person.make(files);
  const run = person.sandbox(["run", "--name", "s", "--", "sh", "-c", task]);
  assert.equal(run.status, 0, run.stderr);
}

function file(person: Person, name: string): string {
  return path.join(person.project, name);
}

function read(person: Person, name: string): string {
  return readFileSync(file(person, name), "latin1");
}

function ok(person: Person, ...args: readonly string[]): string {
  const { status, stdout, stderr } = person.sandbox(args);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}

function commitId(stdout: string): string {
  return /^(c-[a-z2-7]{10}):/.exec(stdout)?.[1] ?? assert.fail(stdout);
}

for (const kind of KINDS) {
  test(`${kind}: hunks of a file are commits of their own, and the rest stays pending`, () => {
    using person = openPerson(kind);
    const crlf = text(BASE, "\r\n").slice(0, -2);
    open(
      person,
      { f: text(BASE), crlf, other: "x\n" },
      `sed -i '${SED}' f crlf; chmod 750 f; rm other`,
    );
    const first = commitId(
      ok(person, "commit", "s", "--hunks", "f:2", "--hunks", "crlf:2", "--yes"),
    );
    assert.equal(read(person, "f"), text(BASE.with(15, "fifteen")));
    assert.equal(statSync(file(person, "f")).mode & 0o777, 0o644);
    assert.ok(
      read(person, "crlf").endsWith("\r\nline 29") && !read(person, "crlf").includes("fifteen"),
    );
    const rest = ok(person, "diff", "s", "f");
    assert.match(rest, /new mode 100750/);
    assert.doesNotMatch(rest, /[-+]fifteen/);
    assert.equal(person.sandboxJson(["show", "s"]).json.state, "partial");
    const second = commitId(ok(person, "commit", "s", "--hunks", "f:mode,1", "--yes"));
    assert.equal(statSync(file(person, "f")).mode & 0o777, 0o750);
    ok(person, "rollback", second);
    assert.equal(read(person, "f"), text(BASE.with(15, "fifteen")));
    ok(person, "rollback", first);
    assert.equal(read(person, "f"), text(BASE));
    assert.equal(read(person, "crlf"), crlf);
    ok(person, "commit", "s", "other", "--yes");
    assert.equal(person.sandboxJson(["show", "s"]).json.state, "partial");
  });

  test(`${kind}: what both changed is merged on request, and a rollback gives the person's back`, () => {
    using person = openPerson(kind);
    open(person, { f: text(BASE), g: text(BASE), h: "x\n" }, `sed -i '${SED}' f g; echo y > h`);
    const mine = text(BASE.with(21, "mine"));
    writeFileSync(file(person, "f"), mine);
    chmodSync(file(person, "f"), 0o600);
    const refused = person.sandboxJson(["commit", "s", "--yes"]);
    assert.equal(refused.status, 3);
    assert.equal(read(person, "h"), "x\n", "all or nothing");
    const dry = ok(person, "commit", "s", "--merge", "--dry-run");
    assert.match(dry, /^\+fifteen$/m);
    assert.doesNotMatch(dry, /^[-+]mine$/m);
    assert.equal(read(person, "f"), mine);
    const merged = person.sandboxJson(["commit", "s", "--merge", "--yes"]);
    assert.equal(merged.status, 0, merged.stderr);
    assert.deepEqual(
      merged.json.merged.map((one: { path: string }) => one.path),
      ["f"],
    );
    const both = BASE.with(2, "two").with(15, "fifteen").with(28, "twentyeight");
    assert.equal(read(person, "f"), text(both.with(21, "mine")));
    assert.equal(read(person, "g"), text(both));
    assert.equal(statSync(file(person, "f")).mode & 0o777, 0o600);
    assert.equal(person.sandboxJson(["show", "s"]).json.state, "committed");
    ok(person, "rollback", merged.json.commit);
    assert.equal(read(person, "f"), mine);
  });
}

test("a place that both changed is never guessed: markers, ours and theirs only on request", () => {
  using person = openPerson(KINDS[0]);
  open(person, { f: text(BASE), g: "a\n" }, "sed -i 's/line 9/task/' f; echo task > g");
  const mine = text(BASE.with(9, "mine"));
  writeFileSync(file(person, "f"), mine);
  const refused = person.sandboxJson(["commit", "s", "--merge", "--yes"]);
  assert.equal(refused.status, 3);
  assert.match(refused.json.conflicts[0].reason, /changed one place differently$/);
  assert.equal(read(person, "g"), "a\n");
  ok(person, "commit", "s", "--ours", "f", "--yes");
  assert.deepEqual([read(person, "f"), read(person, "g")], [mine, "task\n"]);
  const marked = commitId(ok(person, "commit", "s", "--merge", "--markers", "--yes"));
  assert.match(read(person, "f"), /\n<<<<<<< workspace\nmine\n=======\ntask\n>>>>>>> task\n/);
  ok(person, "rollback", marked);
  assert.equal(read(person, "f"), mine);
});

test("the task's version over an edit, a deletion and a creation of the host, and back", () => {
  using person = openPerson(KINDS[0]);
  const files = { edited: "1\n", gone: "2\n", deleted: "3\n" };
  open(person, files, "echo t > edited; echo t > gone; echo t > made; rm deleted");
  writeFileSync(file(person, "edited"), "mine\n");
  rmSync(file(person, "gone"));
  writeFileSync(file(person, "made"), "mine\n");
  writeFileSync(file(person, "deleted"), "mine\n");
  const control = person.sandboxJson(["commit", "s", "--yes"]);
  assert.equal(control.json.conflicts.length, 4);
  const theirs = ["edited", "gone", "made", "deleted"].flatMap((name) => ["--theirs", name]);
  const id = commitId(ok(person, "commit", "s", ...theirs, "--yes"));
  assert.deepEqual(readdirSync(person.project).toSorted(), ["edited", "gone", "made"]);
  assert.equal(read(person, "edited") + read(person, "gone") + read(person, "made"), "t\nt\nt\n");
  ok(person, "rollback", id);
  assert.deepEqual(readdirSync(person.project).toSorted(), ["deleted", "edited", "made"]);
  assert.equal(read(person, "made"), "mine\n");
});

test("what is not text, runs later, is a link or has setuid is never merged nor taken in part", () => {
  using person = openPerson(KINDS[0]);
  const both = "a\nb\nc\nd\ne\n";
  open(
    person,
    { Makefile: both, control: both, suid: both, bin: "a\0b\n" },
    "for f in Makefile control suid; do sed -i s/a/A/ $f; done; echo >> bin; ln -sf x link",
  );
  for (const name of ["Makefile", "control", "suid"])
    writeFileSync(file(person, name), both.replace("e", "E"));
  chmodSync(file(person, "suid"), 0o4755);
  writeFileSync(file(person, "bin"), "A\0b\n");
  symlinkSync("y", file(person, "link"));
  const { json } = person.sandboxJson(["commit", "s", "--merge", "--markers", "--yes"]);
  const reasons = Object.fromEntries(
    json.conflicts.map((one: { path: string; reason: string }) => [one.path, one.reason]),
  );
  assert.match(reasons["Makefile"], /runs later on this host: never merged$/);
  assert.match(reasons["suid"], /setuid, setgid or capabilities/);
  assert.match(reasons["bin"], /not text/);
  assert.match(reasons["link"], /only a text file/);
  assert.deepEqual(Object.keys(reasons).toSorted(), ["Makefile", "bin", "link", "suid"]);
  ok(person, "commit", "s", "control", "--merge", "--yes");
  assert.equal(read(person, "control"), "A\nb\nc\nd\nE\n", "control");
});

test("an edit before the layers were read has no base to merge on: said, and never guessed", () => {
  using person = openPerson(KINDS[0]);
  const host = file(person, "f");
  person.make({ f: text(BASE) });
  const run = person.sandbox(["run", "--name", "s", "--", "sh", "-c", `sed -i '${SED}' f`]);
  assert.equal(run.status, 0, run.stderr);
  writeFileSync(host, text(BASE.with(21, "mine")));
  const again = person.sandbox(["exec", "s", "--", "true"]);
  assert.equal(again.status, 0, again.stderr);
  const { status, json } = person.sandboxJson(["commit", "s", "--merge", "--yes"]);
  assert.equal(status, 3);
  assert.match(json.conflicts[0].reason, /what the task began with was not kept/);
});

test("a review is saved by digest, approves what it names and nothing else, and lapses with another run", () => {
  using person = openPerson(KINDS[0]);
  open(
    person,
    { f: text(BASE), g: "a\n", Makefile: "x\n" },
    `sed -i '${SED}' f; echo b > g; echo y > Makefile`,
  );
  const none = person.sandboxJson(["commit", "s", "--reviewed"]);
  assert.equal(none.status, 2);
  assert.equal(
    person.sandbox(["review", "s", "--approve", "."]).status,
    4,
    "runs later: by name only",
  );
  ok(person, "review", "s", "--approve", "f:1,3", "--reject", "g");
  assert.equal(person.sandboxJson(["commit", "s", "f"]).status, 4, "not the whole of it");
  ok(person, "commit", "s", "--reviewed");
  assert.equal(read(person, "f"), text(BASE.with(2, "two").with(28, "twentyeight")));
  assert.deepEqual([read(person, "g"), read(person, "Makefile")], ["a\n", "x\n"]);
  ok(person, "review", "s", "--approve", "g", "--approve", "Makefile");
  assert.equal(person.sandbox(["exec", "s", "--", "sh", "-c", "echo c > g"]).status, 0);
  assert.equal(person.sandboxJson(["commit", "s", "--reviewed"]).status, 2, "lapsed");
});

test("killed after the seal of a partial commit, recovery leaves just the rest pending", () => {
  using person = openPerson(KINDS[0]);
  open(person, { f: text(BASE) }, `sed -i '${SED}' f`);
  const { session } = person.sandboxJson(["show", "s"]).json;
  const dir = path.join(person.stateHome, "sessions", session);
  const saved = path.join(person.home, "saved");
  mkdirSync(saved);
  for (const name of ["session.json", "changeset.json"])
    copyFileSync(path.join(dir, name), path.join(saved, name));
  const id = commitId(ok(person, "commit", "s", "--hunks", "f:1", "--yes"));
  const after = ok(person, "diff", "s");
  for (const name of ["session.json", "changeset.json"])
    copyFileSync(path.join(saved, name), path.join(dir, name));
  mkdirSync(path.join(person.stateHome, "hot"), { recursive: true });
  writeFileSync(path.join(person.stateHome, "hot", id), "");
  ok(person, "recover");
  assert.equal(ok(person, "diff", "s"), after);
  ok(person, "commit", "s", "--yes");
  assert.equal(
    read(person, "f"),
    text(BASE.with(2, "two").with(15, "fifteen").with(28, "twentyeight")),
  );
});

test("parts that are not there and ways that contradict are usage errors, with nothing written", () => {
  using person = openPerson(KINDS[0]);
  open(person, { f: text(BASE), d: "x\n" }, `sed -i '${SED}' f; rm d`);
  const refuses = (...args: readonly string[]): string => {
    const { status, json } = person.sandboxJson(["commit", "s", "--yes", ...args]);
    assert.equal(status, 2, JSON.stringify(json));
    return json.error.message;
  };
  assert.match(refuses("--hunks", "f:4"), /f has no hunk 4: it has 3/);
  assert.match(refuses("--hunks", "f:mode"), /neither mode nor owner/);
  assert.match(refuses("--hunks", "d:1"), /only a text file that was changed/);
  assert.match(refuses("--hunks", "f:1", "--theirs", "f"), /exclude each other/);
  assert.equal(read(person, "f"), text(BASE));
  ok(person, "commit", "s", "--hunks", "f:1-3", "d", "--yes");
  assert.equal(person.sandboxJson(["show", "s"]).json.state, "committed", "control");
});
