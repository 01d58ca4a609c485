import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KINDS: readonly Person["kind"][] =
  process.getuid?.() === 0 ? ["root", "plain user"] : ["plain user"];

const SECRET = "sk-ant-api03-0123456789abcdefghij";
const PROFILE = `version: 1
home:
  - {path: .tool, mode: scratch}
  - {path: .ro/conf.toml, mode: readonly}
  - {path: .ro/dir, mode: readonly}
  - {path: .cache/tool, mode: cache}
  - {path: .rc, mode: scratch}
  - {path: .state.json, mode: scratch, keys: [theme]}
  - {path: .out, mode: scratch}
  - {path: .big, mode: scratch}
  - {path: .broken.json, mode: scratch}
  - {path: .not/there, mode: scratch}
  - {path: .cache/out, mode: cache}
`;

/** Somebody with a home, in whose place nothing secret may come inside. */
function open(kind: Person["kind"]): Person {
  const person = openPerson(kind);
  person.make({
    "../own.yaml": PROFILE,
    "../.tool/settings.json": `{"apiKey": "${SECRET}", "theme": "dark"}\n`,
    "../.tool/deep/notes.md": `Use ${SECRET} here.\n`,
    "../.ro/conf.toml": `token = "${SECRET}"\nname = "n"\n`,
    "../.ro/dir/a": "a\n",
    "../.ro/hidden": "hidden\n",
    "../.cache/tool/kept": "kept\n",
    "../.dotfiles/rc": "rc\n",
    "../.state.json": '{"theme": "dark", "projects": {"/secret/project": {}}}\n',
    "../.broken.json": `{"token": "${SECRET}`,
    keep: "k\n",
  });
  const home = (name: string): string => path.join(person.home, name);
  const link = (to: string, name: string) =>
    assert.equal(person.run(["ln", "-s", to, home(name)]).status, 0);
  link("settings.json", ".tool/inner");
  link("../.ro/hidden", ".tool/outer");
  link(".dotfiles/rc", ".rc");
  link("/etc/passwd", ".out");
  link("/etc", ".cache/out");
  assert.equal(person.run(["truncate", "--size", "1100000", home(".big")]).status, 0);
  assert.equal(person.run(["mkfifo", home(".tool/fifo")]).status, 0);
  return person;
}

const LOOK = `cd ~ && cat .tool/settings.json .tool/inner .tool/deep/notes.md .ro/conf.toml .ro/dir/a .rc .state.json .cache/tool/kept
ls .ro .tool; ls -d .out .big .broken.json .not .cache/out 2>&1 | sed 's/^/absent /'
echo changed > .tool/settings.json && echo n > .tool/new && echo n > .cache/tool/new && rm .cache/tool/kept && echo n > .fresh && echo written
echo x > .ro/conf.toml || echo closed; echo x > .ro/dir/a || echo closed; rm -f .ro/conf.toml || echo closed`;

for (const kind of KINDS)
  test(`${kind}: a task finds copies of what is named of the home, secrets replaced, and changes none of it`, () => {
    using person = open(kind);
    const ran = person.sandbox(["run", "--profile", "../own.yaml", "--", "sh", "-c", LOOK]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.ok(!`${ran.stdout}${ran.stderr}`.includes(SECRET));
    const key = /"apiKey": "(sk-ant-api03-\w{20})"/.exec(ran.stdout)?.[1] ?? "";
    assert.notEqual(key, "", ran.stdout);
    assert.ok(ran.stdout.includes(`Use ${key} here.`), "one secret has one placeholder");
    assert.match(
      ran.stdout,
      /token = "sk-ant-api03-\w{20}"\nname = "n"\na\nrc\n\{\n {2}"theme": "dark"\n\}\nkept\n/,
    );
    assert.deepEqual(
      ran.stdout.split("\n").filter((line) => line === "closed" || line === "written"),
      ["written", "closed", "closed", "closed"],
    );
    assert.doesNotMatch(ran.stdout, /hidden|outer|fifo|root:/);
    assert.equal(ran.stdout.split("\n").filter((line) => line.startsWith("absent")).length, 5);
    for (const left of [
      ".tool/fifo: no file",
      ".tool/outer: a link out of .tool",
      ".out: it leads out of your home",
      ".cache/out: it leads out of your home",
      ".big: larger than 1 MiB",
      ".broken.json: what is secret in it cannot be told",
    ])
      assert.ok(ran.stderr.includes(`sandbox: left out of the task's home: ${left}\n`), ran.stderr);
    const { json } = person.sandboxJson(["diff", "latest"]);
    assert.deepEqual(json.changes, []);
    const read = (name: string): string => readFileSync(path.join(person.home, name), "utf8");
    assert.ok(read(".tool/settings.json").includes(SECRET));
    assert.deepEqual(readdirSync(path.join(person.home, ".cache/tool")), ["kept"]);
    assert.ok(!existsSync(path.join(person.home, ".fresh")));

    const again = person.sandbox([
      "exec",
      "latest",
      "--",
      "sh",
      "-c",
      "cat ~/.tool/settings.json; ls -A ~ ~/.cache/tool",
    ]);
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /"theme": "dark"/, "made anew");
    assert.ok(
      !again.stdout.includes(key) && !again.stdout.includes(SECRET),
      "with new placeholders",
    );
    assert.doesNotMatch(again.stdout, /\.fresh|^new$/m);
    assert.deepEqual(findHomes(person), [], "nothing of it stays");
  });

/** Directories of homes that are still there. */
function findHomes(person: Person): readonly string[] {
  return person
    .run(["find", person.stateHome, "-type", "d", "-path", "*/layers/0/home"])
    .stdout.split("\n")
    .filter((line) => line !== "");
}

test("a project's own file names nothing of the home, and adds no words to a command", () => {
  using person = openPerson("plain user");
  for (const [text, key] of [
    ["home: [{path: .ssh, mode: readonly}]", "home"],
    ['arguments: {sh: {add: ["-x"]}}', "arguments"],
  ] as const) {
    person.make({
      ".sandbox.yaml": `version: 1\n${text}\n`,
      "../own.yaml": `version: 1\n${text}\n`,
    });
    const refused = person.sandbox(["run", "--", "sh", "-c", "true"]);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, new RegExp(`${key}: not for a project to choose`));
    person.run(["rm", ".sandbox.yaml"]);
    const control = person.sandbox(["run", "--profile", "../own.yaml", "--", "sh", "-c", "true"]);
    assert.equal(control.status, 0, control.stderr);
  }
});

/** Says what it was started with. */
const PROGRAM = '#!/bin/sh\nprintf "[%s]" "$@"\necho " $MARK"\n';

test("an agent's program has its profile by its name; a profile that is named, or a default of one's own, wins", () => {
  using person = openPerson("plain user");
  person.make({
    "../bin/gemini": PROGRAM,
    gemini: PROGRAM,
    "../.config/sandbox/gemini.yaml":
      "version: 1\nenv: {set: {MARK: preset}}\narguments: {gemini: {add: [--yolo, -c], unless: [--approval-mode]}}\n",
    "../.config/sandbox/other.yaml": "version: 1\nextends: gemini\nenv: {set: {MARK: other}}\n",
    "../.config/sandbox/plain.yaml":
      "version: 1\nextends: gemini\narguments: {gemini: {add: []}}\n",
  });
  person.run(["chmod", "755", "../bin/gemini", "gemini"]);
  person.run(["chmod", "-R", "go-w", "../.config"]);
  const run = (args: readonly string[], program = "../bin/gemini") =>
    person.sandbox(["run", ...args, "--", program, "-p", "x y"]);
  const preset = run([]);
  assert.equal(preset.stdout, "[--yolo][-c][-p][x y] preset\n", preset.stderr);
  assert.ok(
    preset.stderr.includes(
      "sandbox: profile gemini, by the program's name (--profile default: without it); it adds --yolo -c\n",
    ),
    preset.stderr,
  );
  assert.match(
    person.sandbox(["show", "latest"]).stdout,
    /gemini --yolo -c -p/,
    "on record as it was run",
  );
  const again = person.sandbox(["exec", "latest", "--", "../bin/gemini", "z"]);
  assert.equal(again.stdout, "[--yolo][-c][z] preset\n", again.stderr);
  const said = person.sandbox(["run", "--", "../bin/gemini", "--approval-mode=plan"]);
  assert.equal(said.stdout, "[--approval-mode=plan] preset\n");
  assert.equal(run(["--profile", "default"]).stdout, "[-p][x y] \n");
  const other = run(["--profile", "other"]);
  assert.equal(other.stdout, "[--yolo][-c][-p][x y] other\n");
  assert.ok(
    other.stderr.includes("sandbox: profile other adds to gemini: --yolo -c\n"),
    other.stderr,
  );
  assert.equal(run(["--profile", "plain"]).stdout, "[-p][x y] preset\n");
  assert.equal(
    run([], "./gemini").stdout,
    "[-p][x y] \n",
    "a program of the workspace is not taken for an agent",
  );
  person.make({ "../.config/sandbox/default.yaml": "version: 1\nenv: {set: {MARK: own}}\n" });
  person.run(["chmod", "-R", "go-w", "../.config"]);
  assert.equal(run([]).stdout, "[-p][x y] own\n");
});

test("an agent for which no key is there is told so, once it starts", () => {
  using person = openPerson(process.getuid?.() === 0 ? "root" : "plain user");
  person.make({
    "../keys.yaml": `version: 1
network: {mode: allowlist, allow: [api.example.com]}
secrets: {A_KEY: {from: {env: A_KEY}, hosts: [api.example.com], optional: true}}
home: [{path: login.json, mode: scratch, hosts: [api.example.com]}]
`,
  });
  const run = (env: Readonly<Record<string, string>>) =>
    person.sandbox(["run", "--profile", "../keys.yaml", "--", "true"], { env });
  const without = run({});
  assert.equal(without.status, 0, without.stderr);
  assert.match(without.stderr, /^sandbox: A_KEY is not set here: an agent that needs a key has /m);
  assert.doesNotMatch(run({ A_KEY: "a-real-key-0123456789" }).stderr, /A_KEY/, "control");
  person.make({ "../login.json": '{"access_token": "a-real-token-0123456789"}' });
  assert.doesNotMatch(run({}).stderr, /A_KEY/, "control: a login in the home");
});
