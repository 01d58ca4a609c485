import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "../../src/engine/oci/find-runtime.js";
import { openOciEngine } from "../../src/engine/oci/open-oci-engine.js";
import { removeTree } from "../../src/host/remove-tree.js";
import { findProcesses, openEngineCase } from "../support/engine-case.js";
import { projectRoot } from "../support/project-root.js";
import { openTempDir } from "../support/temp-tree.js";

const profilesDir = path.join(projectRoot, "profiles");
const shared = openTempDir();
after(() => shared[Symbol.dispose]());
const openWith = (runtime: RuntimeName, cacheDir = path.join(shared.path, "cache")) =>
  openOciEngine({ runtime, cacheDir, profilesDir });

describe("the stage", () => {
  for (const script of ["stage.pl", "stage-more.pl", "listen.pl", "init.pl", "run-task.pl"])
    test(`${script} is sound for Perl's own checks`, () => {
      const file = path.join(projectRoot, "src/engine/oci", script);
      const { stderr } = spawnSync("perl", ["-Mstrict", "-wc", file], { encoding: "utf8" });
      assert.match(stderr, /syntax OK/);
    });

  test("init keeps a signal that comes before it has seen its own fork end, for the task", () => {
    const parts = ["init.pl", "run-task.pl"].map((name) =>
      path.join(projectRoot, "src/engine/oci", name),
    );
    // The task answers at once; strace holds its parent back for longer than the signal takes.
    const script = `mount -t tmpfs none /run && : > /run/environment && cat "$1" "$2" > /run/init &&
      exec strace -qq -o /dev/null -e inject=clone,fork:delay_exit=300000 perl /run/init pipes \
        /bin/sh -c 'trap "exit 3" USR1; kill -USR1 $PPID; for i in 1 2 3 4 5 6 7 8 9; do /bin/sleep 0.1; done'`;
    const argv = ["-Urm", "sh", "-c", script, "sh", ...parts];
    const { status, stderr } = spawnSync("unshare", argv, { encoding: "utf8" });
    assert.deepEqual({ status, stderr }, { status: 3, stderr: "" });
  });

  for (const runtime of ["crun", "runc"] as const)
    test(`SIGKILL of node ends the sandbox of ${runtime}, and leaves no mount`, async () => {
      using cache = openTempDir();
      const mark = `86410.${process.pid}`;
      const host = fileURLToPath(new URL("../support/engine-host.js", import.meta.url));
      const child = spawn(process.execPath, [host, runtime, profilesDir, cache.path, mark], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const said = await readUntil(child.stdout, "ready");
      assert.notDeepEqual(findProcesses(mark), []);
      child.kill("SIGKILL");
      const deadline = Date.now() + 10_000;
      while (findProcesses(mark).length > 0 && Date.now() < deadline) await delay(10);
      assert.deepEqual(findProcesses(mark), []);
      const dir = said.split("\n")[0] ?? "";
      assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(dir));
      removeTree(dir);
    });

  test("a stage that is killed ends its sandbox, and that is told", async () => {
    using one = openEngineCase(openWith("crun"));
    const mark = `86411.${process.pid}`;
    const task = await one.start({ argv: ["sh", "-c", `sleep ${mark} & echo ready; wait`] });
    await task.says("ready");
    const stages = findProcesses("stage.pl").filter((pid) => isChildOf(pid, process.pid));
    assert.equal(stages.length, 1);
    process.kill(stages[0] ?? 0, "SIGKILL");
    const outcome = await task.sandbox.wait();
    assert.equal(outcome.outcome, "interrupted");
    assert.deepEqual(findProcesses(mark), []);
    await task.sandbox[Symbol.asyncDispose]();
  });

  test("many at once do not disturb each other", async () => {
    const engine = openWith("crun");
    const ends = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(async (code) => {
        using one = openEngineCase(engine);
        return (await one.run(`echo ${code} >f; sleep 0.2; exit $(cat f)`)).outcome;
      }),
    );
    assert.deepEqual(
      ends,
      [1, 2, 3, 4, 5, 6].map((code) => ({ outcome: "exited", code })),
    );
  });
});

describe("compiled filters", () => {
  test("are kept, and used only as they were stored", async () => {
    using cache = openTempDir();
    const engine = openWith("crun", cache.path);
    const filters = path.join(cache.path, "seccomp");
    const isFiltered = async () => {
      using one = openEngineCase(engine);
      const { stdout } = await one.run(
        "grep Seccomp: /proc/self/status; unshare -m true 2>/dev/null || echo refused",
      );
      assert.equal(stdout, "Seccomp:\t2\nrefused\n");
    };
    await isFiltered();
    const [name = ""] = readdirSync(filters);
    const file = path.join(filters, name);
    const stored = readFileSync(file);
    await isFiltered();
    assert.deepEqual(readFileSync(file), stored);
    // A filter that allows everything, with a digest that is not its own.
    writeFileSync(
      file,
      Buffer.concat([stored.subarray(0, 32), Buffer.from("06000000ff7f0000", "hex")]),
    );
    await isFiltered();
    assert.deepEqual(readFileSync(file), stored);
    chmodSync(file, 0o666);
    await isFiltered();
    assert.deepEqual(readdirSync(filters), [name]);
  });

  test("of a profile that allows what it must not are not kept", async () => {
    using cache = openTempDir();
    using profiles = openTempDir();
    mkdirSync(path.join(profiles.path, "seccomp"));
    const text = readFileSync(path.join(profilesDir, "seccomp/default.json"), "utf8");
    const weak = text
      .replace('"unshare", "setns"', '"setns"')
      .replace('"access",', '"access", "unshare",');
    assert.notEqual(weak, text);
    writeFileSync(path.join(profiles.path, "seccomp/default.json"), weak);
    using one = openEngineCase(
      openOciEngine({ runtime: "crun", cacheDir: cache.path, profilesDir: profiles.path }),
    );
    assert.deepEqual((await one.run("exit 3")).outcome, { outcome: "exited", code: 3 });
    assert.deepEqual(readdirSync(cache.path), []);
  });

  test("without a profile nothing runs", async () => {
    using one = openEngineCase(
      openOciEngine({ runtime: "crun", cacheDir: shared.path, profilesDir: shared.path }),
    );
    await assert.rejects(one.run("exit 0"), {
      code: "sandbox-unavailable",
      message: /seccomp profile/,
    });
    assert.deepEqual(readdirSync(one.scratch), []);
  });
});

describe("the probe", () => {
  for (const runtime of ["crun", "runc"] as const)
    test(`makes a real sandbox with ${runtime} and says what works`, async () => {
      using cache = openTempDir();
      const probe = await openWith(runtime, cache.path).probe();
      assert.equal(probe.ok, true, JSON.stringify(probe.checks));
      assert.match(probe.runtime ?? "", new RegExp(`^${runtime} \\d`));
      for (const id of ["overlay", "seccomp", "capabilities", "network", "user"])
        assert.equal(probe.checks.find((check) => check.id === id)?.ok, true, id);
      for (const check of probe.checks) assert.ok(check.ok || (check.fix ?? "") !== "", check.id);
      assert.deepEqual(
        readdirSync(cache.path).filter((name) => name.startsWith("probe")),
        [],
      );
    });
});

function isChildOf(pid: number, parent: number): boolean {
  return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(parent);
}

async function readUntil(stream: AsyncIterable<Buffer>, text: string): Promise<string> {
  let said = "";
  for await (const chunk of stream) {
    said += chunk.toString();
    if (said.includes(text)) return said;
  }
  throw new Error(`ended without ${text}: ${said}`);
}
