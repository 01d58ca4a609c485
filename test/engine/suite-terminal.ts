import assert from "node:assert/strict";
import { describe } from "node:test";
import type { Engine } from "../../src/engine/engine.js";
import { openEngineCase, type StartedTask } from "../support/engine-case.js";
import { type CaseTest, plainTest } from "./case-test.js";
import { lazily } from "./run-together.js";

const SIZE = { columns: 111, rows: 33 };

/** A task with a terminal. */
export function describeTerminal(
  name: string,
  makeEngine: () => Engine,
  test: CaseTest = plainTest,
): void {
  const spec = { terminal: true } as const;
  describe(`${name}: a terminal`, () => {
    const look = lazily(async () => {
      using one = openEngineCase(makeEngine());
      const script = "stty size; test -t 0 -a -t 1 -a -t 2 && echo three; tty; exit 5";
      return await one.run({ argv: ["sh", "-c", script], spec, terminalSize: SIZE });
    });

    test("is there, with the size that was asked for, on all three streams", async () => {
      const { stdout, outcome } = await look();
      assert.match(plain(stdout), /^33 111\nthree\n/);
      assert.deepEqual(outcome, { outcome: "exited", code: 5 });
    });

    test("has a name", async () => {
      assert.equal(plain((await look()).stdout).split("\n")[2], "/dev/pts/0");
    });

    test("takes over a new size and tells the task", async () => {
      using one = openEngineCase(makeEngine());
      const script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done";
      const task = await one.start({ argv: ["bash", "-c", script], spec, terminalSize: SIZE });
      await task.says("ready");
      task.sandbox.resize({ columns: 77, rows: 44 });
      await task.says("44 77");
      await end(task);
    });

    test("Ctrl-C goes to all of the task's group, as from a terminal, and SIGTERM to the task alone", async () => {
      using one = openEngineCase(makeEngine());
      const script = `perl -e '$SIG{TERM} = sub { exit 7 }; $SIG{INT} = sub { print "inner\n"; exit 3 }; $| = 1; print "ready\n"; sleep 1 while 1'; echo after`;
      const int = await one.start({ argv: ["sh", "-c", `trap 'echo outer' INT; ${script}`] });
      await int.says("ready");
      int.sandbox.signal(2);
      assert.deepEqual(await int.sandbox.wait(), { outcome: "exited", code: 0 });
      assert.equal(int.output.stdout, "ready\ninner\nouter\nafter\n");
      await int.sandbox[Symbol.asyncDispose]();
      const term = await one.start({ argv: ["sh", "-c", script] });
      await term.says("ready");
      term.sandbox.signal(15);
      assert.deepEqual(await term.sandbox.wait(), { outcome: "signalled", signal: 15 });
      await term.sandbox[Symbol.asyncDispose]();
    });

    test("Ctrl-C ends a program that does nothing about it", async () => {
      using one = openEngineCase(makeEngine());
      const task = await one.start({ argv: ["sh", "-c", "echo ready; exec sleep 1000"], spec });
      await task.says("ready");
      task.typing.write("\x03");
      assert.deepEqual(await task.sandbox.wait(), { outcome: "signalled", signal: 2 });
      await end(task);
    });

    test("has job control: stop, list, continue, end", async () => {
      using one = openEngineCase(makeEngine());
      const env = { PATH: "/usr/bin:/bin", PS1: "$ ", TERM: "dumb" };
      const task = await one.start({ argv: ["bash", "--norc", "-i"], spec: { ...spec, env } });
      await task.says("$ ");
      task.typing.write("sleep 1000\n");
      await task.says("sleep 1000");
      await stopUntil(task, "Stopped");
      task.typing.write("jobs | wc -l; kill %1; fg 2>/dev/null; echo st''ill\n");
      await task.says("still");
      task.typing.write("exit 9\n");
      const outcome = await task.sandbox.wait();
      // What the shell said tells why it stayed.
      assert.equal(outcome.outcome, "exited", JSON.stringify(plain(task.output.stdout)));
      assert.deepEqual(outcome, { outcome: "exited", code: 9 });
      await end(task);
    });

    test("end of input reaches the task as Ctrl-D, and all output arrives", async () => {
      using one = openEngineCase(makeEngine());
      const task = await one.start({ argv: ["sh", "-c", "cat >/dev/null; seq 1 20000"], spec });
      task.typing.write("line\n\x04");
      assert.deepEqual(await task.sandbox.wait(), { outcome: "exited", code: 0 });
      assert.match(plain(task.output.stdout), /\n19999\n20000\n$/);
      await end(task);
    });

    test("a command that is missing is told as without a terminal", async () => {
      using one = openEngineCase(makeEngine());
      const { outcome } = await one.run({ argv: ["no-such-command"], spec });
      assert.equal(outcome.outcome, "not-started");
    });

    test("the timeout ends a task with a terminal", async () => {
      using one = openEngineCase(makeEngine());
      const { outcome } = await one.run({
        argv: ["sleep", "1000"],
        spec: { ...spec, limits: { timeoutMs: 400 } },
      });
      assert.deepEqual(outcome, { outcome: "timed-out" });
    });
  });
}

function plain(text: string): string {
  return text.replaceAll("\r\n", "\n");
}

async function end(task: StartedTask): Promise<void> {
  await task.sandbox[Symbol.asyncDispose]();
}

/** Types Ctrl-Z until the shell says so: the first may come before the program has begun. */
async function stopUntil(task: StartedTask, text: string): Promise<void> {
  let said = false;
  const waiting = task.says(text).then(() => {
    said = true;
  });
  while (!said) {
    task.typing.write("\x1a");
    await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 200))]);
  }
}
