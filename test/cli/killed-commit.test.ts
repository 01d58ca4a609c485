import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const FILES = 400;
const MAKE = `i=0; while [ $i -lt ${FILES} ]; do mkdir -p d$((i%20)); echo old $i > d$((i%20))/f$i; i=$((i+1)); done`;
const EDIT = `i=0; while [ $i -lt ${FILES} ]; do case $((i%4)) in 0) rm d$((i%20))/f$i;; 1) echo new $i > d$((i%20))/f$i;; 2) echo added > d$((i%20))/n$i;; esac; i=$((i+1)); done; rm -r d19`;
/** Everything there is to a tree but inode numbers and ctimes. */
const LIST =
  "find . -mindepth 1 -printf '%P %y %m %U %G %s %l ' \\( -type d -printf '\\n' -o -printf '%T@\\n' \\) | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum";

function list(person: Person): string {
  const { status, stdout } = person.run(["sh", "-c", LIST]);
  assert.equal(status, 0);
  return stdout;
}

/** Commits, and kills the program after `ms`. True where it ended first. */
async function commitAndKill(person: Person, ms: number): Promise<boolean> {
  const { argv, env } = person.command(["commit", "latest", "--yes"]);
  const [file, ...rest] = argv;
  const child = spawn(file, rest, { cwd: person.project, env, stdio: "ignore" });
  const timer = setTimeout(() => child.kill("SIGKILL"), ms);
  const [code] = await once(child, "exit");
  clearTimeout(timer);
  return code === 0;
}

test("a commit killed at any moment is recovered to the old tree or the new one, byte for byte", async () => {
  using person = openPerson(KIND);
  person.run(["sh", "-c", MAKE]);
  const before = list(person);
  assert.equal(person.sandbox(["run", "--", "sh", "-c", EDIT]).status, 0);
  const started = performance.now();
  assert.equal(await commitAndKill(person, 60_000), true);
  const whole = performance.now() - started;
  const after = list(person);
  assert.notEqual(after, before);
  assert.equal(person.sandbox(["rollback", "latest"]).status, 0);
  assert.equal(list(person), before, "control: a rollback restores all that is listed");

  const seen = { old: 0, new: 0 };
  for (let round = 0; round < 12; round += 1) {
    person.sandbox(["run", "--", "sh", "-c", EDIT]);
    const next = person.sandboxJson(["show", "latest"]).json.session;
    await commitAndKill(person, (whole * (round + 1)) / 12);
    const recovered = person.sandbox(["recover"]);
    assert.equal(recovered.status, 0, recovered.stderr);

    const isOld = list(person) === before;
    const isNew = stripTimes(list(person)) === stripTimes(after);
    assert.ok(isOld || isNew, `round ${round}: neither the old tree nor the new one`);
    assert.deepEqual(
      readdirSync(person.project).filter((name) => name.startsWith(".")),
      [],
      "no litter",
    );
    seen[isOld ? "old" : "new"] += 1;
    if (isNew) assert.equal(person.sandbox(["rollback", "latest"]).status, 0);
    else {
      const again = person.sandbox(["commit", next, "--yes"]);
      assert.equal(again.status, 0, `the layers are whole: ${again.stderr}`);
      assert.equal(stripTimes(list(person)), stripTimes(after));
      assert.equal(person.sandbox(["rollback", "latest"]).status, 0);
    }
    assert.equal(list(person), before);
  }
  assert.ok(seen.old > 0, "at least one kill came before the end");
  assert.ok(!readdirSync(path.join(person.stateHome, "hot")).length, "nothing is left unfinished");
});

/** Each run of the task writes its files at another time. */
function stripTimes(listing: string): string {
  return listing.replace(/ \d{9,}\.\d+$/gm, "");
}
