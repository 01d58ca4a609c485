import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isBrief } from "../support/is-brief.js";
import { describeTree } from "../support/describe-tree.js";
import { openPerson, type Person } from "../support/person.js";
import { createRandom, readSeed } from "../support/random.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
/** How many kills: `npm run test:kill` asks for 300. */
const KILLS = Number(process.env["SANDBOX_TEST_KILLS"] ?? (isBrief ? 4 : 12));
/** A test is not longer than this many. */
const BATCH = 30;

const FILES = 120;
const EACH = (what: string): string =>
  `i=0; while [ $i -lt ${FILES} ]; do ${what}; i=$((i+1)); done`;
const MAKE = `${EACH("mkdir -p d$((i%10)); echo old $i > d$((i%10))/f$i")}
  ln d0/f0 d0/link; ln -s d0 soft; mkfifo pipe; setfattr -n user.note -v base d1/f1 d2; chmod 750 d3; chmod 400 d4/f4
  find . -exec touch -h -d '2001-02-03 04:05:06.123456789' {} +`;
const EDIT = `${EACH("case $((i%4)) in 0) rm d$((i%10))/f$i;; 1) echo new $i > d$((i%10))/f$i;; 2) echo added > d$((i%10))/n$i;; esac")}
  rm -r d9; rm pipe; mkdir pipe; echo in > pipe/in; ln -sfn d1 soft; echo x > one; ln one d1/two; setfattr -n user.note -v task d2 one
  chmod 700 d3; mkdir -p deep/er; echo leaf > deep/er/leaf; rm -r d8; mkdir d8; echo fresh > d8/fresh
  find . -newermt 2002-01-01 ! -type d -exec touch -h -d '2011-12-13 14:15:16.987654321' {} +`;

/** A person whose project is as before the task (`old`), or as after it. */
class Trial {
  readonly person: Person;
  readonly #random: () => number;
  readonly #old: string;
  readonly #new: string;
  /** How long each command takes, in ms. */
  readonly #whole: Readonly<Record<string, number>>;
  readonly seen = { kills: 0, old: 0, new: 0 };
  #session: string | undefined;

  private constructor(person: Person, random: () => number, facts: Facts) {
    this.person = person;
    this.#random = random;
    this.#old = facts.old;
    this.#new = facts.new;
    this.#whole = facts.whole;
  }

  static async open(person: Person, random: () => number): Promise<Trial> {
    assert.equal(person.run(["sh", "-ec", MAKE]).status, 0);
    const old = describeTree(person.project);
    runTask(person);
    const commit = await call(person, ["commit", "latest", "--yes"]);
    assert.equal(commit.code, 0);
    const after = describeTree(person.project, { dirTimes: false });
    const rollback = await call(person, ["rollback", "latest"]);
    assert.equal(rollback.code, 0);
    assert.equal(
      describeTree(person.project),
      old,
      "control: a rollback restores all that is compared",
    );
    const recover = await call(person, ["recover"]);
    const whole = { commit: commit.ms, rollback: rollback.ms, recover: recover.ms };
    return new Trial(person, random, { old, new: after, whole });
  }

  /** From the old tree: commits and rolls back, killed at random moments, and recovers, killed now and then too. */
  async round(): Promise<void> {
    this.#session ??= runTask(this.person);
    await this.#kill(["commit", this.#session, "--yes"]);
    if ((await this.#settle()) === "old") return;
    this.#session = undefined;
    await this.#kill(["rollback", "latest"]);
    if ((await this.#settle()) === "old") return;
    const back = this.person.sandbox(["rollback", "latest"]);
    assert.equal(back.status, 0, back.stderr);
    assert.equal(describeTree(this.person.project), this.#old);
  }

  /** The last session is whole: it can still be committed and taken back. */
  finish(): void {
    const session = this.#session ?? runTask(this.person);
    const commit = this.person.sandbox(["commit", session, "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    assert.equal(describeTree(this.person.project, { dirTimes: false }), this.#new);
    assert.equal(readdirSync(path.join(this.person.stateHome, "hot")).length, 0);
  }

  async #kill(args: readonly string[]): Promise<void> {
    const whole = this.#whole[args[0] ?? ""] ?? 0;
    const { killed } = await call(this.person, args, whole * (0.3 + 0.75 * this.#random()));
    if (killed) this.seen.kills += 1;
  }

  async #settle(): Promise<"old" | "new"> {
    while (this.#random() < 0.3) await this.#kill(["recover"]);
    const recovered = this.person.sandbox(["recover"]);
    assert.equal(recovered.status, 0, recovered.stderr);
    const { project } = this.person;
    const litter = readdirSync(project).filter((name) => name.startsWith("."));
    assert.deepEqual(litter, []);
    const isOld = describeTree(project) === this.#old;
    if (!isOld)
      assert.equal(describeTree(project, { dirTimes: false }), this.#new, "neither old nor new");
    this.seen[isOld ? "old" : "new"] += 1;
    return isOld ? "old" : "new";
  }
}

interface Facts {
  readonly old: string;
  readonly new: string;
  readonly whole: Readonly<Record<string, number>>;
}

function runTask(person: Person): string {
  const run = person.sandboxJson(["run", "--", "sh", "-ec", EDIT]);
  assert.equal(run.status, 0, run.stderr);
  return run.json.session;
}

/** Runs the program, and kills it after `ms` where that is given. */
async function call(
  person: Person,
  args: readonly string[],
  ms?: number,
): Promise<{ readonly code: number | null; readonly ms: number; readonly killed: boolean }> {
  const { argv, env } = person.command(args);
  const [file, ...rest] = argv;
  const started = performance.now();
  const child = spawn(file, rest, { cwd: person.project, env, stdio: "ignore" });
  const timer = ms === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), ms);
  const [code, signal] = await once(child, "exit");
  clearTimeout(timer);
  return { code, ms: performance.now() - started, killed: signal === "SIGKILL" };
}

for (let from = 0; from < KILLS; from += BATCH) {
  const kills = Math.min(BATCH, KILLS - from);
  test(`killed ${kills} times at random, a commit, a rollback and a recovery leave the old tree or the new (${from})`, async (t) => {
    const seed = readSeed() + from;
    t.diagnostic(`seed ${seed - from}`);
    using person = openPerson(KIND);
    const trial = await Trial.open(person, createRandom(seed));
    while (trial.seen.kills < kills) await trial.round();
    trial.finish();
    t.diagnostic(JSON.stringify(trial.seen));
    assert.ok(trial.seen.old > 0, "at least one kill came before the end");
  });
}
