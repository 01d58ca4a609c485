import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { OUTPUT_SCHEMAS } from "../../src/cli/json/published-schemas.js";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const PROJECT = {
  ...{ "package.json": "{}", "package-lock.json": "{}", ".env": "S=1\n", ".env.local": "S=2\n" },
  ...{ ".git/hooks/x": "", ".github/workflows/ci.yml": "on: push\n", "server.key": "k\n" },
  ...{ "src/a": "a\n", "dist/d": "d\n", ".npmrc": "", "credentials.json": "{}" },
};

function at(person: Person, file: string): string {
  return path.join(person.project, file);
}

test("init writes a profile that loads and is in force", () => {
  using person = openPerson("plain user");
  person.make(PROJECT);
  const printed = person.sandbox(["init", "--print"]);
  assert.equal(printed.status, 0, printed.stderr);
  const dry = person.sandbox(["init", "--dry-run"]);
  assert.match(dry.stdout, /^not written: .*\/\.sandbox\.yaml$/m);
  assert.ok(!existsSync(at(person, ".sandbox.yaml")), "--print and --dry-run write nothing");
  const made = person.sandbox(["init"]);
  assert.equal(made.status, 0, made.stderr);
  assert.match(
    made.stdout,
    /^found {6}git \(\.git\), npm \(package\.json[^)]*\), (?!.*npm).*GitHub Actions \(/m,
  );
  assert.match(made.stdout, /^hidden {5}\.env\*, \*\.pem, \*\.key, credentials\.json$/m);
  assert.match(made.stdout, /^read only {2}\.git\/hooks, \.github\/workflows$/m);
  assert.equal(readFileSync(at(person, ".sandbox.yaml"), "utf8"), printed.stdout);
  assert.equal(statSync(at(person, ".sandbox.yaml")).mode & 0o777, 0o644);
  assert.deepEqual(
    readdirSync(person.project).filter((name) => name.endsWith(".tmp")),
    [],
  );
  const explained = person.sandbox(["policy", "explain"]);
  assert.equal(explained.status, 0, explained.stderr);
  assert.match(explained.stdout, /\.env\*: /);
  const task = [
    "cat .env .env.local server.key credentials.json 2>/dev/null; echo x 2>/dev/null > .git/hooks/y",
    "echo x 2>/dev/null > .github/workflows/ci.yml; echo b > src/a",
  ].join("; ");
  const run = person.sandboxJson(["run", "--", "sh", "-c", task]);
  assert.deepEqual(run.json.changes, { added: 0, modified: 1, deleted: 0 }, run.stderr);
  assert.doesNotMatch(run.stderr, /S=|^k$/m);
  const suggested = printed.stdout.replace(/^# (scope:|limits:| {2}commit| {2}outside)/gm, "$1");
  writeFileSync(at(person, ".sandbox.yaml"), suggested.replace(/^ {2}# (- )/gm, "  $1"));
  const all = person.sandbox(["policy", "explain"]);
  assert.equal(all.status, 0, `what is suggested in comments is valid too: ${all.stderr}`);
  assert.match(all.stdout, /src\/\*\*/);
});

test("a file that is there stays, unless --force says otherwise", () => {
  using person = openPerson(KIND);
  person.make({ ".sandbox.yaml": "version: 1\n" });
  const refused = person.sandboxJson(["init"]);
  assert.deepEqual([refused.status, refused.json.error.code], [2, "usage"]);
  assert.match(refused.json.error.hint, /--force/);
  assert.equal(readFileSync(at(person, ".sandbox.yaml"), "utf8"), "version: 1\n");
  const forced = person.sandboxJson(["init", "--force"]);
  assert.equal(OUTPUT_SCHEMAS.init.parse(forced.json).written, true);
  assert.equal(readFileSync(at(person, ".sandbox.yaml"), "utf8"), forced.json.text);
});

test("nothing of a hostile project gets into the file, and nothing leads out of the project", () => {
  using person = openPerson(KIND);
  const outside = path.join(person.home, "outside");
  mkdirSync(path.join(outside, "workflows"), { recursive: true });
  writeFileSync(path.join(outside, "victim"), "mine\n");
  for (const name of ["x\nlimits: {memory: 64GiB}", "a]}: b", "\u001b[31m", "-x", "ok"])
    mkdirSync(at(person, name));
  symlinkSync(outside, at(person, ".github"));
  symlinkSync(path.join(outside, "victim"), at(person, "id_rsa"));
  symlinkSync(path.join(outside, "victim"), at(person, ".sandbox.yaml"));
  const printed = person.sandboxJson(["init", "--print"]).json;
  assert.deepEqual([printed.found, printed.readonly], [[], []]);
  assert.match(printed.text, /^# {3}commit: \["ok\/\*\*"\]$/m);
  assert.match(printed.text, /^# limits: \{memory: 4GiB/m);
  assert.doesNotMatch(printed.text, /^limits/m);
  assert.equal(person.sandbox(["init"]).status, 2);
  const forced = person.sandbox(["init", "--force"]);
  assert.equal(forced.status, 2);
  assert.match(forced.stderr, /it is a symlink, not a file/);
  assert.equal(readFileSync(path.join(outside, "victim"), "utf8"), "mine\n");
  assert.deepEqual(readdirSync(outside).sort(), ["victim", "workflows"]);
});

test("where the own profile counts budgets otherwise, the file says nothing of them", () => {
  using person = openPerson(KIND);
  const env = { XDG_CONFIG_HOME: path.join(person.home, "config") };
  person.make({
    "../config/sandbox/default.yaml":
      "version: 1\nextends: base\nbudgets: {delete: {files: 5, per: day, over: deny}}\n",
  });
  const made = person.sandboxJson(["init"], { env });
  assert.equal(made.status, 0, made.stderr);
  assert.doesNotMatch(made.json.text, /budgets/);
  assert.equal(person.sandbox(["policy", "explain"], { env }).status, 0);
  assert.match(person.sandboxJson(["init", "--print"]).json.text, /^budgets:$/m, "control");
});

test("a home is no project", () => {
  using person = openPerson(KIND);
  const refused = person.sandbox(["init", "--dir", person.home]);
  assert.equal(refused.status, 2, refused.stderr);
  assert.ok(!existsSync(path.join(person.home, ".sandbox.yaml")));
});
