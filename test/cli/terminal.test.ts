import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { openPerson, type Person } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

/** What was seen in a terminal, and how it ended. */
interface Seen {
  readonly status: number | null;
  readonly text: string;
}

/**
 * The program in a terminal of its own (script(1)). Each answer is typed once what it answers has been seen: keys
 * that come earlier are the task's.
 */
async function inTerminal(
  person: Person,
  args: readonly string[],
  answers: readonly (readonly [seen: string, keys: string])[],
): Promise<Seen> {
  const { argv, env } = person.command(args);
  const start = argv.indexOf(process.execPath);
  const line = argv
    .slice(start)
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
  const [file = "", ...rest] = [...argv.slice(0, start), "script", "-qec", line, "/dev/null"];
  const child = spawn(file, rest, { cwd: person.project, env: { ...env, TERM: "xterm" } });
  const left = [...answers];
  let text = "";
  let fresh = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    fresh += chunk.toString();
    const next = left[0];
    if (next === undefined || !fresh.includes(next[0])) return;
    fresh = "";
    left.shift();
    child.stdin.write(next[1]);
  });
  const [status] = await once(child, "exit");
  assert.deepEqual(left, [], `never seen in: ${text}`);
  return { status, text };
}

const QUESTION = "[y/N/r=review]";

for (const kind of KINDS) {
  test(`${kind}: in a terminal the task has one of its own, and the question comes after it`, async () => {
    using person = openPerson(kind);
    const made = path.join(person.project, "made.txt");
    const task = ["run", "--", "sh", "-c", "test -t 0 && tty; echo x > made.txt"];

    const declined = await inTerminal(person, task, [[QUESTION, "n\r"]]);
    assert.match(declined.text, /\/dev\/pts\/\d/);
    assert.equal(declined.status, 0, declined.text);
    assert.ok(!existsSync(made));

    const reviewed = await inTerminal(person, task, [
      [QUESTION, "r\r"],
      [QUESTION, "n\r"],
    ]);
    assert.match(reviewed.text, /new file mode 100644/);

    const agreed = await inTerminal(person, task, [[QUESTION, "y\r"]]);
    assert.equal(agreed.status, 0, agreed.text);
    assert.ok(existsSync(made));
  });

  test(`${kind}: Ctrl-C reaches the task, and its own code is passed on`, async () => {
    using person = openPerson(kind);
    const task = "trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done";
    const result = await inTerminal(person, ["run", "--", "sh", "-c", task], [["ready", "\u0003"]]);
    assert.equal(result.status, 9, result.text);
  });

  test(`${kind}: commit asks in a terminal, and no is exit 4 with nothing written`, async () => {
    using person = openPerson(kind);
    person.sandbox(["run", "--", "sh", "-c", "echo x > made.txt"]);
    const refused = await inTerminal(person, ["commit", "latest"], [[QUESTION, "n\r"]]);
    assert.equal(refused.status, 4, refused.text);
    assert.ok(!existsSync(path.join(person.project, "made.txt")));
    const agreed = await inTerminal(person, ["commit", "latest"], [[QUESTION, "y\r"]]);
    assert.equal(agreed.status, 0, agreed.text);
    assert.ok(existsSync(path.join(person.project, "made.txt")));
  });
}
