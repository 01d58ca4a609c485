import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inTerminal } from "../support/in-terminal.js";
import { openPerson } from "../support/person.js";

const KIND = process.getuid?.() === 0 ? "root" : "plain user";
const BASE = Array.from({ length: 40 }, (_, i) => `line ${i}`);
const text = (all: readonly string[]): string => all.map((one) => `${one}\n`).join("");
const COMMIT = "Commit these changes? [y/N";

test("a review asks the riskiest first, splits, merges, goes on where it was left, and commits just that", async () => {
  using person = openPerson(KIND);
  const at = (name: string): string => path.join(person.project, name);
  const read = (name: string): string => readFileSync(at(name), "utf8");
  person.make({
    f: text(BASE),
    g: text(BASE),
    t: "a\n",
    Makefile: "x\n",
    "old/1": "1\n",
    "old/2": "2\n",
  });
  const hostile = "$(printf 'e\\033[2Jl')";
  const sed = "s/line 2$/two/;s/line 4$/four/;s/line 15$/fifteen/;s/line 33$/last/";
  const task = `sed -i '${sed}' f; sed -i 's/line 9$/task/' g; echo b > t; echo y > Makefile; rm -r old; echo > "${hostile}"`;
  const run = person.sandbox(["run", "--name", "s", "--", "sh", "-c", task]);
  assert.equal(run.status, 0, run.stderr);
  writeFileSync(at("g"), text(BASE.with(9, "mine").with(30, "too")));
  writeFileSync(at("t"), "mine\n");

  const left = await inTerminal(
    person,
    ["review", "s"],
    [
      // What is typed ahead answers nothing that was not seen yet.
      ['"e\\x1b[2Jl": approve it?', "n\ry\ry\r"],
      // No `a` for what runs later: it is no answer.
      ["Makefile: approve hunk 1 of 1? [y,n,d,q,?]", "a\r"],
      ["Makefile: approve hunk 1 of 1? [y,n,d,q,?]", "y\r"],
      ["old: approve that these 3 paths go?", "y\r"],
      ["f: approve hunk 1 of 3? [y,n,a,d,s,q,?]", "s\r"],
      ["f: approve hunk 1.1 of 3?", "y\r"],
      ["f: approve hunk 1.2 of 3?", "q\r"],
      [COMMIT, "n\r"],
    ],
  );
  assert.equal(left.status, 0, left.text);
  assert.match(left.text, /5 changes approved, 1 rejected, 2 undecided/);
  assert.ok(!left.text.includes("\u001b[2J"), "a name does not move the cursor");
  assert.equal(read("f"), text(BASE));

  const whole = await inTerminal(
    person,
    ["review", "s"],
    [
      ["f: approve hunk 1.2 of 3?", "n\r"],
      ["f: approve hunk 2 of 3?", "a\r"],
      ["g: which one? [o,m,t,q,?]", "m\r"],
      ["g: conflict 1 of 1, which lines?", "t\r"],
      ["g: approve this merge?", "y\r"],
      ["t: which one?", "t\r"],
      [COMMIT, "y\r"],
    ],
  );
  assert.equal(whole.status, 0, whole.text);
  assert.doesNotMatch(whole.text, /Makefile: approve/);
  assert.equal(read("f"), text(BASE.with(2, "two").with(15, "fifteen").with(33, "last")));
  assert.equal(read("g"), text(BASE.with(9, "task").with(30, "too")));
  assert.deepEqual([read("t"), read("Makefile"), existsSync(at("old"))], ["b\n", "y\n", false]);
  assert.equal(person.sandboxJson(["show", "s"]).json.state, "partial");
});
