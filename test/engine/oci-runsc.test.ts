import assert from "node:assert/strict";
import { lstatSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { after, describe, test } from "node:test";
import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { findProcesses, openEngineCase } from "../support/engine-case.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir } from "../support/temp-tree.js";
import { openTestGateway } from "../support/test-gateway.js";
import { describeEngine } from "./engine-suite.js";
import { OCI_RUNSC } from "./lacks.js";
import { describeNetworkRefusal, WITH_UNIX } from "./suite-network.js";

const cache = openTempDir();
after(() => cache[Symbol.dispose]());
const engine = openOciEngine({
  cacheDir: path.join(cache.path, "cache"),
  profilesDir: path.join(projectRoot, "profiles"),
  runtime: "runsc",
});

describeEngine("oci engine with runsc", () => engine, { lacks: OCI_RUNSC, isOneOfMany: true });

describeNetworkRefusal(
  "oci engine with runsc, a unix socket",
  () => engine,
  /no unix socket/,
  WITH_UNIX,
);

describe("oci engine with runsc (gVisor)", () => {
  test("passes streams and the exit code on, under a kernel that is not the host's", async () => {
    using one = openEngineCase(engine);
    const argv = ["sh", "-c", "cat; echo err >&2; cat /proc/version; exit 42"] as const;
    const result = await one.run({ argv, input: "in\n" });
    assert.deepEqual(result.outcome, { outcome: "exited", code: 42 });
    assert.match(result.stdout, /^in\nLinux version 4\.4\.0/);
    assert.equal(result.stderr, "err\n");
  });

  test("the task has its own id, no capability and the profile's filter; its files are its own", async () => {
    using one = openEngineCase(engine);
    const { stdout } = await one.run("id -u; id -g; touch made; cat /proc/self/status");
    assert.ok(stdout.startsWith(`${one.uid}\n${one.gid}\n`), stdout);
    assert.match(stdout, /^CapEff:\t0000000000000000$/m);
    assert.match(stdout, /^CapBnd:\t0000000000000000$/m);
    assert.match(stdout, /^Seccomp:\t2$/m);
    const made = lstatSync(path.join(one.upper, "made"));
    assert.deepEqual([made.uid, made.gid], [one.uid, one.gid]);
  });

  test("writes and deletions land in the upperdir, read-only and hidden paths stay", async () => {
    using one = openEngineCase(engine, { tree: ["gone=x", "kept=base", "secret=s", "ro/f=base"] });
    const at = (name: string) => path.join(one.workspace, name);
    const script =
      "rm gone; echo new >kept; cat secret; echo x >ro/f; echo x >ro/g; cat kept ro/f; mkdir -p d/e";
    const { stdout } = await one.run({
      argv: ["sh", "-c", script],
      mounts: [
        { kind: "hidden", target: at("secret"), type: "file" },
        { kind: "readonly", source: at("ro"), target: at("ro") },
      ],
    });
    assert.equal(stdout, "new\nbase");
    const whiteout = lstatSync(path.join(one.upper, "gone"));
    assert.ok(whiteout.isCharacterDevice() && whiteout.rdev === 0);
    assert.ok(lstatSync(path.join(one.upper, "d/e")).isDirectory());
  });

  test("passes signals, and the timeout lets a task clean up or ends it", async () => {
    using one = openEngineCase(engine);
    const script = "trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.05; done";
    const task = await one.start({ argv: ["sh", "-c", script] });
    await task.says("ready");
    task.sandbox.signal(10);
    assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 3 });
    assert.equal(task.output.stdout, "ready\nusr1\n");
    await task.sandbox[Symbol.asyncDispose]();
    const stubborn = await one.run({
      argv: ["sh", "-c", "trap '' TERM; setsid sleep 1000 & while :; do sleep 1; done"],
      spec: { limits: { timeoutMs: 500 } },
    });
    assert.deepEqual(stubborn.outcome, { outcome: "timed-out" });
    assert.deepEqual(findProcesses(one.dir), []);
  });

  test("passes signals with a gateway too, whose network it shares", async () => {
    using one = openEngineCase(engine);
    await using gateway = openTestGateway([{ protocol: "tcp", address: "127.0.0.1", port: 3128 }]);
    const script = "trap 'exit 3' USR1; echo ready; while :; do sleep 0.05; done";
    const task = await one.start({
      argv: ["sh", "-c", script],
      gateway,
      spec: { limits: { timeoutMs: 30_000 } },
    });
    await task.says("ready");
    task.sandbox.signal(10);
    assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 3 });
    await task.sandbox[Symbol.asyncDispose]();
  });

  test("a missing command is told as such, and a terminal is one", async () => {
    using one = openEngineCase(engine);
    const { outcome } = await one.run({ argv: ["no-such-command"] });
    assert.equal(outcome.outcome === "not-started" && outcome.code, 127);
    const { stdout } = await one.run({
      argv: ["sh", "-c", "stty size; test -t 0 && echo tty"],
      spec: { terminal: true },
      terminalSize: { columns: 111, rows: 33 },
    });
    assert.equal(stdout.replaceAll("\r\n", "\n"), "33 111\ntty\n");
  });

  test("a live socket of the host in the workspace cannot be reached", async () => {
    using one = openEngineCase(engine);
    mkdirSync(path.join(one.workspace, "s"));
    const server = createServer((socket) => socket.end("host"));
    await new Promise<void>((resolve) => server.listen(path.join(one.workspace, "s/k"), resolve));
    const reach = "import socket; s=socket.socket(socket.AF_UNIX); s.connect('s/k')";
    const { outcome } = await one.run({ argv: ["python3", "-c", reach] });
    server.close();
    assert.deepEqual(outcome, { outcome: "exited", code: 1 });
  });
});
