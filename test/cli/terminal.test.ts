import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson } from "../support/person.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

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
      ["made.txt: approve it?", "y\r"],
      [QUESTION, "n\r"],
    ]);
    assert.match(reviewed.text, /new file mode 100644/);
    assert.ok(!existsSync(made));

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
