import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Engine } from "../../src/engine/engine.js";
import { findProcesses, findScratch, openEngineCase } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";

/** Beginning, streams and ends of tasks. */
export function describeLife(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  describe(`${name}: the life of a task`, () => {
    test("passes the exit code on and keeps stdout and stderr apart", async () => {
      using one = openEngineCase(makeEngine());
      const result = await one.run("echo out; echo err >&2; exit 42");
      assert.deepEqual(result.outcome, { outcome: "exited", code: 42 });
      assert.equal(result.stdout, "out\n");
      assert.equal(result.stderr, "err\n");
    });

    test("passes stdin through to its end", async () => {
      using one = openEngineCase(makeEngine());
      const input = "line\n".repeat(50_000);
      const summed = await one.run({ argv: ["md5sum"], input });
      const expected = createHash("md5").update(input).digest("hex");
      assert.equal(summed.stdout, `${expected}  -\n`);
    });

    test("lets the task open its streams again", async () => {
      using one = openEngineCase(makeEngine());
      const result = await one.run("echo out >/dev/stdout; echo err >/dev/stderr");
      assert.equal(result.stdout, "out\n");
      assert.equal(result.stderr, "err\n");
    });

    test("passes much output on both streams completely", async () => {
      using one = openEngineCase(makeEngine());
      const result = await one.run("seq 1 200000 & seq 1 200000 >&2; wait");
      assert.equal(result.stdout.length, 1_288_895);
      assert.equal(result.stderr.length, 1_288_895);
    });

    test("hands argument vectors over as they are", async () => {
      using one = openEngineCase(makeEngine());
      const odd = ["a b", "", "$HOME", "*", "'\"", "-rf", "new\nline", "ünï"];
      const result = await one.run({ argv: ["printf", "%s\\0", ...odd] });
      assert.deepEqual(result.stdout.split("\0").slice(0, -1), odd);
    });

    test("a task killed by a signal ends as signalled, one that says so by 128 and its number likewise", async () => {
      using one = openEngineCase(makeEngine());
      const { outcome } = await one.run("sh -c 'kill -KILL $$'; exit $?");
      assert.deepEqual(outcome, { outcome: "signalled", signal: 9 });
      const { outcome: own } = await one.run({ argv: ["python3", "-c", "import os; os.abort()"] });
      assert.deepEqual(own, { outcome: "signalled", signal: 6 });
    });

    test("says 127 for a command that is missing and 126 for one that cannot be run", async () => {
      using one = openEngineCase(makeEngine(), {
        tree: [
          "plain=text",
          "script@755=#!/no/such/interpreter\n",
          "noise@755=noise",
          "fine@755=#!/bin/sh\nexit 7\n",
          "d/",
        ],
      });
      const codeOf = async (argv: readonly [string, ...string[]]) => {
        const { outcome } = await one.run({ argv });
        return outcome.outcome === "not-started" || outcome.outcome === "exited"
          ? [outcome.outcome, outcome.code]
          : [];
      };
      assert.deepEqual(await codeOf(["no-such-command"]), ["not-started", 127]);
      assert.deepEqual(await codeOf(["/no/such/command"]), ["not-started", 127]);
      assert.deepEqual(await codeOf(["./plain"]), ["not-started", 126]);
      assert.deepEqual(await codeOf(["./d"]), ["not-started", 126]);
      assert.deepEqual(await codeOf(["./script"]), ["not-started", 126]);
      assert.deepEqual(await codeOf(["./noise"]), ["not-started", 126]);
      assert.deepEqual(await codeOf(["./fine"]), ["exited", 7]);
    });

    test("fails, and leaves nothing, where the sandbox cannot be made", async () => {
      using one = openEngineCase(makeEngine());
      const mounts = [{ kind: "readonly", source: "/no/such/place", target: "/place" }] as const;
      await assert.rejects(one.run({ argv: ["true"], mounts }), {
        name: "SandboxError",
        code: "sandbox-unavailable",
        message: /\/no\/such\/place/,
      });
      assert.deepEqual(findScratch(one), []);
    });

    test("the timeout ends a task that ignores SIGTERM, and its daemons", async () => {
      using one = openEngineCase(makeEngine());
      const mark = `86400.${process.pid}`;
      const { outcome } = await one.run({
        argv: ["sh", "-c", `trap '' TERM; setsid sleep ${mark} & sleep ${mark}`],
        spec: { limits: { timeoutMs: 500 } },
      });
      assert.deepEqual(outcome, { outcome: "timed-out" });
      assert.deepEqual(findProcesses(mark), []);
    });

    test("the timeout lets a task that heeds SIGTERM clean up", async () => {
      using one = openEngineCase(makeEngine());
      const result = await one.run({
        argv: ["sh", "-c", "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done"],
        spec: { limits: { timeoutMs: 700 } },
      });
      assert.deepEqual(result.outcome, { outcome: "timed-out" });
      assert.equal(result.stdout, "cleaned\n");
    });

    test("an abort before the task begins means that it never does", async () => {
      using one = openEngineCase(makeEngine());
      const argv = ["sh", "-c", "echo x > made"] as const;
      await assert.rejects(one.start({ argv, abort: AbortSignal.abort() }), { name: "AbortError" });
      assert.deepEqual(readdirSync(one.upper), []);
      await one.run({ argv });
      assert.deepEqual(readdirSync(one.upper), ["made"], "control");
    });

    test("stop and abort interrupt, with the reason", async () => {
      using one = openEngineCase(makeEngine());
      const wait = [
        "sh",
        "-c",
        "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done",
      ] as const;
      const stopped = await one.start({ argv: wait });
      await stopped.says("ready");
      stopped.sandbox.stop("enough");
      assert.deepEqual(await stopped.sandbox.wait(), { outcome: "interrupted", reason: "enough" });
      await stopped.sandbox[Symbol.asyncDispose]();
      const aborter = new AbortController();
      const aborted = await one.start({ argv: wait, abort: aborter.signal });
      await aborted.says("ready");
      aborter.abort();
      assert.equal((await aborted.sandbox.wait()).outcome, "interrupted");
      await aborted.sandbox[Symbol.asyncDispose]();
    });

    test("passes signals to the task", async () => {
      using one = openEngineCase(makeEngine());
      const script = "trap 'echo usr1; exit 3' USR1; echo ready; while :; do sleep 0.05; done";
      const { sandbox, output, says } = await one.start({ argv: ["sh", "-c", script] });
      await says("ready");
      sandbox.signal(10);
      assert.deepEqual(await sandbox.wait(), { outcome: "exited", code: 3 });
      assert.equal(output.stdout, "ready\nusr1\n");
      await sandbox[Symbol.asyncDispose]();
    });

    test("pause brings all of it to a halt, resume lets it go on, and what is paused can be ended", async () => {
      using one = openEngineCase(makeEngine());
      const mark = `86403.${process.pid}`;
      const beat = (word: string) => `while :; do echo ${word}; sleep 0.01; done`;
      const { sandbox, output, says } = await one.start({
        argv: [
          "sh",
          "-c",
          `(${beat("stopped")}) & kill -STOP $!; setsid sh -c '${beat("daemon")}' & sleep ${mark} & echo ready; ${beat("task")}`,
        ],
      });
      const count = (word: string) => output.stdout.split(`${word}\n`).length;
      const goesOn = async (word: string) => {
        for (const before = count(word); count(word) < before + 5; ) await delay(10);
      };
      await says("ready");
      await Promise.all([goesOn("task"), goesOn("daemon")]);
      const stopped = count("stopped");
      await sandbox.pause();
      await sandbox.pause();
      await standsStill(output);
      await sandbox.resume();
      await Promise.all([goesOn("task"), goesOn("daemon")]);
      await sandbox.resume();
      assert.equal(count("stopped"), stopped, "what the task itself had stopped stays stopped");
      await sandbox.pause();
      await standsStill(output);
      sandbox.stop("enough");
      assert.deepEqual(await sandbox.wait(), { outcome: "interrupted", reason: "enough" });
      await sandbox.pause();
      await sandbox.resume();
      await sandbox[Symbol.asyncDispose]();
      assert.deepEqual(findProcesses(mark), []);
    });

    test("a task that stops itself is started again: nobody else could", async () => {
      using one = openEngineCase(makeEngine());
      const result = await one.run("kill -STOP $$; echo on; exit 3");
      assert.deepEqual(result.outcome, { outcome: "exited", code: 3 });
      assert.equal(result.stdout, "on\n");
    });

    test("what outlives the task ends with it, and nothing is left", async () => {
      using one = openEngineCase(makeEngine());
      const mark = `86401.${process.pid}`;
      const { outcome } = await one.run(`setsid sleep ${mark} & (sleep ${mark} &); exit 0`);
      assert.deepEqual(outcome, { outcome: "exited", code: 0 });
      assert.deepEqual(findProcesses(mark), []);
      assert.deepEqual(findProcesses(one.dir), []);
      assert.deepEqual(findScratch(one), []);
      assert.ok(!readFileSync("/proc/self/mountinfo", "utf8").includes(one.dir));
    });

    test("disposing of a running sandbox ends it", async () => {
      using one = openEngineCase(makeEngine());
      const mark = `86402.${process.pid}`;
      const { sandbox, says } = await one.start({
        argv: [
          "sh",
          "-c",
          `sleep ${mark} & date >beat; echo ready; while :; do date +%N >beat; done`,
        ],
      });
      await says("ready");
      await sandbox[Symbol.asyncDispose]();
      assert.deepEqual(findProcesses(mark), []);
      const beat = readFileSync(`${one.upper}/beat`, "utf8");
      await delay(200);
      assert.equal(readFileSync(`${one.upper}/beat`, "utf8"), beat);
      assert.deepEqual(findScratch(one), []);
    });
  });
}

/** What was on its way when the task came to its halt still comes; a task that goes on says something every 10 ms. */
async function standsStill(output: { readonly stdout: string }): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    const { length } = output.stdout;
    await delay(250);
    if (output.stdout.length === length) return;
  }
  assert.fail("it goes on");
}
