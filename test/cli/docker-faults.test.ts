import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { openDaemonProxy } from "../support/daemon-proxy.js";
import { openPerson, type Person } from "../support/person.js";
import {
  openPrivateDocker,
  type PrivateDocker,
  skipWithoutDocker,
} from "../support/private-docker.js";

describe("a docker run in which something goes wrong", {
  skip: process.getuid?.() === 0 ? skipWithoutDocker() : "only root can start a daemon",
}, () => {
  let docker: PrivateDocker;
  let person: Person;
  before(async () => {
    docker = await openPrivateDocker();
    person = openPerson("plain user");
    docker.admit(person.uid);
  });
  after(async () => {
    person[Symbol.dispose]();
    await docker[Symbol.asyncDispose]();
  });

  const run = (args: readonly string[]) =>
    person.sandbox(["run", "--engine", "docker", ...args], { env: docker.env });

  const start = (args: readonly string[], more: Readonly<Record<string, string>>) => {
    const { argv, env } = person.command(["run", "--engine", "docker", ...args]);
    const [file, ...rest] = argv;
    const child = spawn(file, rest, {
      cwd: person.project,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (chunk) => {
        said[name] += String(chunk);
      });
    return { child, ended: once(child, "close").then(([code]) => ({ code, ...said })) };
  };

  const isTask = (container: string) =>
    docker.docker(["inspect", "-f", "{{json .Config.Labels}}", container]).includes('"task"');

  /** Containers of this person's that are left. */
  const list = () => docker.docker(["ps", "-a", "-f", "name=sandbox-s-", "--format", "{{.Names}}"]);

  test("an image that cannot be had is exit 125 and says how it can", () => {
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      ["no-such-image", /has no such image and cannot pull it/, /docker load/],
      ["docker-archive:/tmp/x.tar", /takes names of images/, /`docker load -i \/tmp\/x\.tar`/],
      ["./x.tar", /takes names of images/, /`docker load -i \.\/x\.tar`/],
      ["docker-daemon:debian:12", /takes names of images/, /hint: --image debian:12\n/],
      ["-bad", /not the name of an image/, /docker images/],
    ];
    for (const [image, message, hint] of cases) {
      const result = run([`--image=${image}`, "--", "true"]);
      assert.equal(result.status, 125, result.stderr);
      assert.match(result.stderr, message);
      assert.match(result.stderr, hint);
    }
    const good = run(["--image", "sbx-test/busybox:1", "--", "true"]);
    assert.equal(good.status, 0, good.stderr);
  });

  test("Ctrl-C before the task begins says so and keeps nothing", async () => {
    const sessions = () => person.sandboxJson(["ls"]).json.sessions.length;
    const before = sessions();
    let interrupt = (): void => {};
    await using proxy = await openDaemonProxy(docker, (request) => {
      if (/^POST \S+\/containers\/\w+\/attach/.test(request)) interrupt();
      return "pass";
    });
    const { child, ended } = start(["--", "touch", "made"], proxy.env);
    interrupt = () => {
      // A second one would end the program at once.
      interrupt = () => {};
      child.kill("SIGINT");
    };
    const { code, stderr: said } = await ended;
    assert.equal(
      said,
      "sandbox: interrupted before the task began: nothing has run, nothing is kept\n",
    );
    assert.equal(code, 125);
    assert.equal(sessions(), before);
    assert.equal(list(), "");
  });

  test("a connection that breaks while the task runs is an interrupted task whose work is there", async () => {
    let cuts = 0;
    await using proxy = await openDaemonProxy(docker, (request) => {
      const container = /^POST \S+\/containers\/(\w+)\/wait/.exec(request)?.[1];
      if (container === undefined || !isTask(container)) return "pass";
      cuts += 1;
      return "cut";
    });
    const script = ["--", "sh", "-c", "echo w > cut.txt; sleep 600"];
    const { code, stdout: said } = await start(["--json", ...script], proxy.env).ended;
    assert.equal(code, 137, said);
    assert.equal(cuts, 1);
    const { session, outcome, reason } = JSON.parse(said);
    assert.equal(outcome, "interrupted");
    assert.match(reason, /connection to the Docker daemon broke/);
    assert.equal(person.sandbox(["discard", session]).status, 0);
    assert.equal(list(), "");
  });
});
