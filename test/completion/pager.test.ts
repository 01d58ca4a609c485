import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { choosePager, type PagedContext, printPaged } from "../../src/cli/pager.js";
import { openPager } from "../../src/host/run-pager.js";

/** A terminal of ten rows that keeps what is written. */
class Screen extends EventEmitter {
  readonly rows = 10;
  readonly destroyed = false;
  text = "";
  constructor(readonly isTTY: boolean) {
    super();
  }
  write(piece: string): boolean {
    this.text += piece;
    return true;
  }
}

interface Desk {
  readonly file: string;
  readonly screen: Screen;
  readonly asked: (readonly string[])[];
  readonly context: PagedContext;
}

/** A context whose pagers are real programs that write to a file. */
function openDesk(t: TestContext, env: PagedContext["env"], tty = true): Desk {
  const directory = mkdtempSync(path.join(tmpdir(), "sandbox-pager-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, "paged");
  const out = openSync(file, "w");
  t.after(() => closeSync(out));
  const screen = new Screen(tty);
  const asked: (readonly string[])[] = [];
  const open = async (argv: readonly string[]) => {
    asked.push(argv);
    return openPager(argv, { env, stdout: out });
  };
  return { file, screen, asked, context: { env, stdout: screen, openPager: open } };
}

const LINES = Array.from({ length: 30 }, (_, i) => `line ${i}\n`);

test("what fits on the screen is written at once", async (t) => {
  const desk = openDesk(t, { PAGER: "tee" });
  await printPaged(desk.context, LINES.slice(0, 9));
  assert.equal(desk.screen.text, LINES.slice(0, 9).join(""));
  assert.deepEqual(desk.asked, []);
});

test("what does not fit goes through the person's pager, all of it", async (t) => {
  const desk = openDesk(t, { PAGER: "sed -n p" });
  await printPaged(desk.context, LINES);
  assert.equal(desk.screen.text, "");
  assert.deepEqual(desk.asked, [["sed", "-n", "p"]]);
  assert.equal(readFileSync(desk.file, "utf8"), LINES.join(""));
});

test("without a terminal nothing is paged", async (t) => {
  const desk = openDesk(t, { PAGER: "sed -n p" }, false);
  await printPaged(desk.context, LINES);
  assert.equal(desk.screen.text, LINES.join(""));
  assert.deepEqual(desk.asked, []);
});

test("a pager that is closed early ends the output, and nothing more is made", async (t) => {
  const desk = openDesk(t, { PAGER: "head -n 1" });
  let made = 0;
  function* endless() {
    for (;;) {
      made += 1;
      yield `${"x".repeat(1000)}\n`;
    }
  }
  await printPaged(desk.context, endless());
  assert.equal(readFileSync(desk.file, "utf8").length, 1001);
  assert.ok(made > 10);
});

test("no shell reads the pager's name, and no program of the current directory is one", async (t) => {
  const desk = openDesk(t, { PAGER: "sed -n p; touch pwned" });
  await printPaged(desk.context, LINES);
  assert.deepEqual(desk.asked[0], ["sed", "-n", "p;", "touch", "pwned"]);
  const directory = path.dirname(desk.file);
  writeFileSync(path.join(directory, "evil"), "#!/bin/sh\n", { mode: 0o755 });
  const env = { PATH: directory };
  assert.equal(openPager(["evil"], { env }), undefined);
  assert.equal(openPager(["./evil"], { env }), undefined);
  const found = openPager([path.join(directory, "evil")], { env });
  assert.notEqual(found, undefined);
  await found?.close();
});

test("chooses SANDBOX_PAGER, then PAGER, then less", () => {
  assert.deepEqual(choosePager({ SANDBOX_PAGER: "a -b", PAGER: "c" }), ["a", "-b"]);
  assert.deepEqual(choosePager({ PAGER: "more" }), ["more"]);
  assert.deepEqual(choosePager({}), ["less", "-FRX"]);
  assert.equal(choosePager({ PAGER: "cat" }), undefined);
  assert.equal(choosePager({ SANDBOX_PAGER: "", PAGER: "less" }), undefined);
});

test("a pager that is not there: less, else plain output", async (t) => {
  const desk = openDesk(t, { PAGER: "no-such-pager" });
  const asked: (readonly string[])[] = [];
  const none = async (argv: readonly string[]) => {
    asked.push(argv);
    return undefined;
  };
  await printPaged({ ...desk.context, openPager: none }, LINES);
  assert.deepEqual(asked, [["no-such-pager"], ["less", "-FRX"]]);
  assert.equal(desk.screen.text, LINES.join(""));
});
