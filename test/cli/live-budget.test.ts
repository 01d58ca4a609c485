import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isBrief } from "../support/is-brief.js";
import { findProcesses } from "../support/engine-case.js";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson, type Person } from "../support/person.js";
import { openOwnDocker, type PrivateDocker, skipWithoutDocker } from "../support/private-docker.js";

const FILES = 400;
/** Ends with 7 when it is told to; else it takes the better part of a minute. */
const SLOWLY = "trap 'exit 7' USR1; for f in d/*; do rm $f; sleep 0.1; done";

function open(kind: Person["kind"], budgets: string): Person {
  const person = openPerson(kind);
  const script = `mkdir d; for i in $(seq ${FILES}); do echo "file $i" >d/$i; done`;
  assert.equal(person.run(["sh", "-c", script]).status, 0);
  person.make({ "../own.yaml": `version: 1\nbudgets: ${budgets}\n` });
  return person;
}

const HOLD = "{delete: {files: 3, per: run, over: hold}}";

/** A task that was started, and what was said of it. */
interface Task {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

function start(person: Person, script: string, more: readonly string[] = []): Task {
  const args = [
    "run",
    "--profile",
    "../own.yaml",
    "--name",
    "s",
    ...more,
    "--",
    "sh",
    "-c",
    script,
  ];
  const { argv, env } = person.command(args);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, {
    cwd: person.project,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const ended = once(child, "close").then(([status]): number | null => status);
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text);
      if (found !== null) return found;
      const isOver = await Promise.race([ended.then(() => true), delay(20).then(() => false)]);
      if (isOver && !pattern.test(text)) assert.fail(`never said ${pattern}: ${text}`);
    }
  };
  return { child, ended, said };
}

const FROZEN =
  /sandbox: FROZEN: the task deletes \d+ files; the budget is 3 per run\. .*sandbox approve (a-\w+)/;

function findUpper(person: Person): string {
  const [session = ""] = readdirSync(path.join(person.stateHome, "sessions"));
  const file = path.join(person.stateHome, "sessions", session, "session.json");
  return JSON.parse(readFileSync(file, "utf8")).layers[0].upper;
}

const countGone = (upper: string): number => readdirSync(path.join(upper, "d")).length;

/** What was written down, in order. */
function readEvents(person: Person): readonly string[] {
  const lines = readFileSync(path.join(person.stateHome, "audit/log.jsonl"), "utf8").split("\n");
  return lines.flatMap((line) => (line === "" ? [] : [JSON.parse(line).event as string]));
}

function assertNothingGone(person: Person): void {
  assert.equal(readdirSync(path.join(person.project, "d")).length, FILES);
}

/** Frozen, seen so, let go on by an approval, and ended by the task itself. */
async function freezeAndGoOn(person: Person, more: readonly string[] = []): Promise<void> {
  const task = start(person, SLOWLY, more);
  const [, approval = ""] = await task.said(FROZEN);
  const upper = findUpper(person);
  const gone = countGone(upper);
  assert.ok(gone > 3 && gone < FILES, `${gone}`);
  await delay(400);
  assert.equal(countGone(upper), gone, "it stands still");
  const [shown] = person.sandboxJson(["ls"]).json.sessions;
  assert.equal(shown.state, "running");
  assert.equal(shown.frozen, approval);
  assert.match(person.sandbox(["ls"]).stdout, /frozen/);
  assert.match(
    person.sandbox(["show", "s"]).stdout,
    new RegExp(`frozen\\nwaits for +sandbox approve ${approval}`),
  );
  for (const [verb, ...rest] of [["discard"], ["commit"], ["refresh"], ["exec", "--", "true"]]) {
    const refused = person.sandbox([String(verb), "s", ...rest]);
    assert.equal(refused.status, 1, refused.stderr);
    assert.match(refused.stderr, new RegExp(`frozen\n.*; end it: sandbox deny ${approval}\n`));
  }
  const asked = person.sandbox(["approvals", "show", approval]).stdout;
  assert.match(asked, new RegExp(`is frozen: it deletes ${gone} files; the budget is 3 per run`));
  assert.match(asked, /\| delete "d\/1" \(\d+ bytes\)/);
  assert.equal(person.sandbox(["approve", approval, "--yes"]).status, 0);
  await task.said(new RegExp(`${approval} was approved: the task goes on`));
  while (countGone(upper) === gone) await delay(20);
  task.child.kill("SIGUSR1");
  assert.equal(await task.ended, 7);
  assert.equal(person.sandboxJson(["ls"]).json.sessions[0].frozen, undefined);
  assert.equal(
    person.sandbox(["commit", "s", "--yes"]).status,
    4,
    "the commit is held all the same",
  );
  assertNothingGone(person);
  const events = readEvents(person).filter((event) => /^run\.|^approval\./.test(event));
  const freezing = events.indexOf("run.freezing");
  const order = ["run.freezing", "run.frozen", "approval.asked", "approval.answered"];
  assert.deepEqual(events.slice(freezing, freezing + 6), [
    ...order,
    "approval.used",
    "run.resumed",
  ]);
}

describe("a budget while the task runs", () => {
  for (const kind of process.getuid?.() === 0 && !isBrief
    ? (["root", "plain user"] as const)
    : (["plain user"] as const))
    test(`${kind}: a task that goes on destroying is frozen, and goes on when that is approved`, async () => {
      using person = open(kind, HOLD);
      await freezeAndGoOn(person);
    });

  test("denied, it is ended, and what it did can be looked at", async () => {
    using person = open("plain user", HOLD);
    const task = start(person, SLOWLY);
    const [, approval = ""] = await task.said(FROZEN);
    assert.equal(person.sandbox(["deny", approval, "--note", "not these"]).status, 0);
    assert.equal(await task.ended, 137);
    const { json } = person.sandboxJson(["show", "s"]);
    assert.equal(json.state, "interrupted");
    assert.match(
      json.reason,
      new RegExp(`budget is 3 per run, and ${approval} was denied by .*: not these`),
    );
    assert.match(person.sandbox(["diff", "s", "--stat"]).stdout, /d\/1 /);
    assertNothingGone(person);
  });

  test("one that denies ends it", async () => {
    using person = open("plain user", HOLD.replace("hold", "deny"));
    const task = start(person, SLOWLY);
    await task.ended;
    assert.match(person.sandboxJson(["show", "s"]).json.reason, /and the profile denies it/);
    assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
    assertNothingGone(person);
  });

  test("Ctrl-C ends a frozen task, with a terminal and without, and the question with it", async () => {
    using person = open("plain user", HOLD);
    const task = start(person, SLOWLY);
    await task.said(FROZEN);
    task.child.kill("SIGINT");
    assert.equal(await task.ended, 137);
    assert.deepEqual(person.sandboxJson(["approvals"]).json.approvals, []);
    const args = ["run", "--profile", "../own.yaml", "--", "sh", "-c", SLOWLY];
    const { status } = await inTerminal(person, args, [["FROZEN", "\x03"]]);
    assert.equal(status, 137);
    for (const { session } of person.sandboxJson(["ls"]).json.sessions)
      assert.match(
        person.sandboxJson(["show", session]).json.reason,
        /interrupted while it was frozen/,
      );
  });

  test("killed while it is frozen, the program leaves nothing of the task", async () => {
    using person = open("plain user", HOLD);
    const mark = `86404.${process.pid}`;
    const task = start(person, `sleep ${mark} & ${SLOWLY}`);
    await task.said(FROZEN);
    assert.notDeepEqual(findProcesses(mark), [], "control");
    const own = findProcesses("own.yaml").filter((pid) => findProcesses(mark).includes(pid));
    for (const pid of own) process.kill(pid, "SIGKILL");
    await task.ended;
    while (findProcesses(mark).length > 0) await delay(20);
    assert.equal(person.sandboxJson(["ls"]).json.sessions[0].state, "interrupted");
    assertNothingGone(person);
  });

  test("within its budget, and over it in one go: never frozen, and the second is held whole at commit", async () => {
    using person = open("plain user", HOLD);
    const few = start(person, "rm d/1; sleep 1; rm d/2 d/3; sleep 1.5; rm -r d; exit 3");
    assert.equal(await few.ended, 3);
    await assert.rejects(few.said(/FROZEN/));
    const held = person.sandbox(["commit", "s", "--yes"]);
    assert.equal(held.status, 4);
    assert.match(
      held.stderr,
      new RegExp(`over budget: deletes ${FILES} files; the budget is 3 per run`),
    );
    assertNothingGone(person);
  });
});

describe("a budget while the task runs in a container of Docker's", {
  skip: isBrief
    ? "the engine suite pauses containers: npm test -- live-budget"
    : process.getuid?.() === 0
      ? skipWithoutDocker()
      : "only root can start a daemon",
}, () => {
  let docker: PrivateDocker;
  before(async () => {
    docker = await openOwnDocker();
  });
  after(async () => {
    await docker[Symbol.asyncDispose]();
  });

  test("it is frozen, goes on when that is approved, and when it is killed no process of it is left", async () => {
    using person = open("plain user", HOLD);
    docker.admit(person.uid);
    const more = ["--engine", "docker"];
    const env = docker.env;
    const own: Person = {
      ...person,
      command: (args) => ({
        argv: person.command(args).argv,
        env: { ...person.command(args).env, ...env },
      }),
      sandbox: (args, options) => person.sandbox(args, { env, ...options }),
    };
    await freezeAndGoOn(own, more);
  });
});
