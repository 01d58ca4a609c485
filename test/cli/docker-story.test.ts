import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openPerson, type Person } from "../support/person.js";
import { openOwnDocker, type PrivateDocker, skipWithoutDocker } from "../support/private-docker.js";

// A person who is no root and may use the daemon's socket: what `docker` users mostly are.
describe("the docker engine from the command line", {
  skip: process.getuid?.() === 0 ? skipWithoutDocker() : "only root can start a daemon",
}, () => {
  let docker: PrivateDocker;
  let person: Person;
  before(async () => {
    docker = await openOwnDocker();
    person = openPerson("plain user");
    docker.admit(person.uid);
  });
  after(async () => {
    person[Symbol.dispose]();
    await docker[Symbol.asyncDispose]();
  });

  const run = (args: readonly string[], env = docker.env) =>
    person.sandbox(["run", "--engine", "docker", ...args], { env });

  test("a home of copies, with nothing secret in it, and nothing of it comes back", () => {
    person.make({
      "../home.yaml":
        "version: 1\nhome: [{path: .tool, mode: scratch}, {path: .rc, mode: readonly}, {path: .none, mode: cache}]\n",
      "../.tool/deep/a.json": '{"token": "abcdefgh12345678"}',
      "../.rc": "rc\n",
    });
    const script =
      "cd; cat .tool/deep/a.json .rc; echo n > .tool/deep/new && echo written; echo x > .rc || echo closed";
    const ran = run(["--profile", "../home.yaml", "--", "sh", "-c", script]);
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /^\{"token": "\w{16}"\}rc\nwritten\nclosed\n$/);
    assert.ok(!ran.stdout.includes("abcdefgh12345678"));
    assert.deepEqual(person.sandboxJson(["diff", "latest"]).json.changes, []);
    assert.ok(!existsSync(path.join(person.home, ".tool/deep/new")));
    const again = person.sandbox(["exec", "latest", "--", "ls", "-A", "/home/sandbox/.tool/deep"], {
      env: docker.env,
    });
    assert.equal(again.stdout, "a.json\n", again.stderr);
  });

  /** Containers and volumes, of whomever. */
  const list = () => [
    docker.docker(["ps", "-aq", "--no-trunc"]),
    docker.docker(["volume", "ls", "-q"]),
  ];

  /** Starts a task and resolves when it has said "begun". */
  const start = async (script: string) => {
    const { argv, env } = person.command(["run", "--engine", "docker", "--", "sh", "-c", script]);
    const [file, ...rest] = argv;
    const child = spawn(file, rest, {
      cwd: person.project,
      env: { ...env, ...docker.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let seen = "";
    for await (const chunk of child.stdout) {
      seen += String(chunk);
      if (seen.includes("begun")) return child;
    }
    throw new Error(`the task did not begin: ${seen}`);
  };

  const latest = () => person.sandboxJson(["ls"]).json.sessions.at(-1);

  test("a task's changes are read, run on, and committed; nothing stays with the daemon", () => {
    person.make({ "old.txt": "old\n", "d/kept": "kept\n" });
    const first = run(["--", "sh", "-c", "id -u; echo new > new.txt; rm old.txt; exit 3"]);
    assert.equal(first.status, 3, first.stderr);
    assert.match(first.stdout, new RegExp(`^${person.uid}\n`));
    const { session } = latest();
    const again = person.sandbox(["exec", session, "--", "cat", "new.txt"], { env: docker.env });
    assert.equal(again.stdout, "new\n", again.stderr);
    assert.ok(existsSync(path.join(person.project, "old.txt")), "control: nothing real changed");
    const commit = person.sandbox(["commit", session, "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    assert.equal(readFileSync(path.join(person.project, "new.txt"), "utf8"), "new\n");
    assert.ok(!existsSync(path.join(person.project, "old.txt")));
    assert.deepEqual(list(), ["", ""]);
  });

  test("stop ends a container's task, and the memory limit is told as what ended one", async () => {
    const running = await start("echo x > kept; echo begun; sleep 900");
    const { session } = latest();
    const stopped = person.sandboxJson(["stop", session], { env: docker.env });
    assert.equal(stopped.json.reason, "stopped by sandbox stop", stopped.stderr);
    if (running.exitCode === null) await once(running, "exit");
    assert.equal(running.exitCode, 137);
    const [kept] = person.sandboxJson(["diff", session], { env: docker.env }).json.changes;
    assert.equal(kept.path, "kept");
    const greedy = ["python3", "-c", "b = bytearray(400 << 20)"];
    const { status, stderr } = run(["--memory", "64MiB", "--", ...greedy]);
    assert.equal(status, 137);
    // Where groups are of version 2, Docker may miss one that dies with its group (containerd reads `memory.events` too late).
    const isUnified = existsSync("/sys/fs/cgroup/cgroup.controllers");
    if (!isUnified) assert.match(stderr, /interrupted \(out of memory: the limit is 64\.0 MiB/);
    const killed = run(["--memory", "64MiB", "--", "sh", "-c", "kill -9 $$"]);
    assert.match(killed.stderr, /ended by signal 9/, "control: not every SIGKILL is the limit");
  });

  test("what is wrong with the daemon is one line with the mend, exit 125", () => {
    const cases: readonly (readonly [
      readonly string[],
      Readonly<Record<string, string>>,
      RegExp,
    ])[] = [
      [[], { DOCKER_HOST: "unix:///no/such.sock" }, /no Docker daemon answers at unix:\/\/\/no/],
      [[], { DOCKER_HOST: "nonsense://x" }, /no address of a daemon/],
      [[], { DOCKER_CONTEXT: "absent" }, /there is no docker context absent/],
      [["--runtime", "absent"], docker.env, /the daemon does not have this runtime/],
    ];
    const before = person.sandboxJson(["ls"]).json.sessions.length;
    for (const [options, env, message] of cases) {
      const result = run([...options, "--", "true"], env);
      assert.equal(result.status, 125, result.stderr);
      assert.match(result.stderr, message);
      assert.match(result.stderr, /^sandbox: [^\n]*\n {2}hint: [^\n]*\n$/);
    }
    const missing = run(["--", "no-such-command"]);
    assert.equal(missing.status, 127, missing.stderr);
    assert.equal(person.sandboxJson(["ls"]).json.sessions.length, before);
    assert.equal(run(["--", "true"]).status, 0, "control: it works");
    assert.deepEqual(list(), ["", ""]);
  });

  test("a user without access to the socket is told so", () => {
    using other = openPerson("plain user");
    const result = other.sandbox(["run", "--engine", "docker", "--", "true"], { env: docker.env });
    assert.equal(result.status, 125);
    assert.match(result.stderr, /permission denied on unix:/);
  });

  test("SIGKILL of the program: prune removes what is ours alone, the changes can be reviewed", async () => {
    const foreign = docker.docker(["create", "--network", "none", "sbx-test/busybox:1", "true"]);
    docker.docker(["volume", "create", "somebodys"]);
    const image = docker.docker(["images", "-q", "sandbox-root"]).split("\n")[0] ?? "";
    const ofOurs = docker.docker(["create", "--network", "none", image, "true"]);
    const child = await start("echo x > made.txt; echo begun; sleep 600");
    assert.equal(list()[0]?.split("\n").length, 3, "control: its container is there");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { session } = latest();
    const pruned = person.sandbox(["prune"], { env: docker.env });
    assert.equal(pruned.status, 0, pruned.stderr);
    assert.deepEqual(list(), [`${ofOurs}\n${foreign}`, "somebodys"]);
    const diff = person.sandboxJson(["diff", session], { env: docker.env }).json;
    assert.deepEqual(
      diff.changes.map((change: { path: string }) => change.path),
      ["made.txt"],
    );
    assert.equal(person.sandbox(["discard", session], { env: docker.env }).status, 0);
    docker.docker(["rm", foreign, ofOurs]);
    docker.docker(["volume", "rm", "somebodys"]);
  });

  test("SIGKILL at any moment: the next start leaves nothing of it", async () => {
    for (const milliseconds of [100, 250, 400, 600]) {
      const { argv, env } = person.command(["run", "--engine", "docker", "--", "sleep", "600"]);
      const [file, ...rest] = argv;
      const child = spawn(file, rest, {
        cwd: person.project,
        env: { ...env, ...docker.env },
        stdio: "ignore",
      });
      await delay(milliseconds);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    assert.equal(run(["--", "true"]).status, 0);
    assert.deepEqual(list(), ["", ""]);
    for (const { session, state } of person.sandboxJson(["ls"]).json.sessions)
      if (state === "interrupted")
        assert.equal(person.sandbox(["discard", session], { env: docker.env }).status, 0);
  });

  test("a session whose daemon went away in its run says so and is kept", async () => {
    const own = await openOwnDocker();
    own.admit(person.uid);
    const { argv, env } = person.command([
      ...["run", "--engine", "docker", "--", "sh", "-c"],
      "echo x > lost.txt; echo begun; sleep 600",
    ]);
    const [file, ...rest] = argv;
    const child = spawn(file, rest, {
      cwd: person.project,
      env: { ...env, ...own.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk) => {
      said += String(chunk);
    });
    const exit = once(child, "exit");
    await once(child.stdout, "data");
    await own[Symbol.asyncDispose]();
    const [code] = await exit;
    assert.equal(code, 137, said);
    const { session, state } = latest();
    assert.equal(state, "interrupted");
    const line =
      /^sandbox: the task was interrupted: (?:no|the) Docker daemon [^\n]*\n {2}hint: it is kept: [^\n]*\n$/;
    assert.match(said, line);
    assert.ok(said.includes(`sandbox diff ${session}`), said);
    const shown = person.sandboxJson(["show", session]).json;
    assert.deepEqual([shown.runtime, shown.daemon], ["docker", own.address]);
    const diff = person.sandbox(["diff", session]);
    assert.equal(diff.status, 1, diff.stdout);
    assert.match(diff.stderr, /cannot be ended/);
    // Its layers may still be written to, for all that one can know: they stay until the daemon has been asked.
    const record = path.join(person.stateHome, "sessions", session, "layers/0/upper/lost.txt");
    const pruned = person.sandbox(["prune"]);
    assert.ok(existsSync(record), `control: prune alone never drops it: ${pruned.stdout}`);
    const discarded = person.sandbox(["discard", session]);
    assert.equal(discarded.status, 0, discarded.stderr);
    assert.match(
      discarded.stderr,
      /cannot be ended: no Docker daemon answers.*\n {2}hint: .*prune/,
    );
    assert.equal(person.sandboxJson(["show", session]).json.state, "discarded");
    const kept = person.sandbox(["prune"]);
    assert.match(kept.stdout, /^kept 1, given up, but the daemon .* does not answer: s-/m);
    assert.ok(existsSync(record));
  });
});
