import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import type { Change } from "../../src/core/change.js";
import { ALIKE_LIMITS } from "../../src/review/find-alike.js";
import { needsContent, toFileDiff, toMoveDiff, toSides } from "../../src/review/file-diff.js";
import { findMoves } from "../../src/review/find-moves.js";
import type { Moves } from "../../src/review/moves.js";
import { foldMoves } from "../../src/review/fold-moves.js";
import { toMovedAway } from "../../src/review/moved-paths.js";
import { renderNameStatus } from "../../src/review/render-name-status.js";
import { renderPatch } from "../../src/review/render-patch.js";
import { renderStat } from "../../src/review/render-stat.js";
import { applyWithGit, applyWithPatch, ENV, workDirectory } from "./apply-patch.js";
import { change, fileChange, next, base } from "./changes.js";

type Tree = Readonly<Record<string, string>>;

/** Changes that lead from one tree to another, with their content. */
function compare(before: Tree, after: Tree) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const files = names
    .filter((name) => before[name] !== after[name])
    .map((name) =>
      fileChange(name, {
        ...(before[name] === undefined ? {} : { before: before[name] }),
        ...(after[name] === undefined ? {} : { after: after[name] }),
      }),
    );
  const contents = new Map(files.map((file) => [file.change, file.content]));
  const changes = files.map((file) => file.change);
  const read = (of: Change, side: "before" | "after") => contents.get(of)?.[side];
  return { changes, read, moves: findMoves(changes, read) };
}

function describe(moves: Moves): readonly string[] {
  return [...moves].map(
    ([to, { kind, from, similarity }]) => `${kind} ${from.path} ${to.path} ${similarity}`,
  );
}

const lines = (count: number, word: string): string =>
  Array.from({ length: count }, (_, at) => `${word} line ${at * 7919}\n`).join("");

test("a moved file is found by its digest, whatever its size, and no content is read for it", () => {
  const huge = { size: 1 << 30, digest: fileChange("x", { after: "huge" }).change.after?.digest };
  const changes = [
    change("a.bin", {
      before: base({ size: huge.size, ...(huge.digest && { digest: huge.digest }) }),
    }),
    change("b.bin", {
      after: next({ size: huge.size, ...(huge.digest && { digest: huge.digest }) }),
    }),
  ];
  const moves = findMoves(changes, () => assert.fail("read"));
  assert.deepEqual(describe(moves), ["move a.bin b.bin 100"]);
});

test("each finds the one with its name; what is left over is a copy", () => {
  const { moves } = compare(
    { "a/x": "same\n", "a/y": "same\n" },
    { "b/y": "same\n", "b/x": "same\n", "c/z": "same\n" },
  );
  assert.deepEqual(describe(moves).toSorted(), [
    "copy a/x c/z 100",
    "move a/x b/x 100",
    "move a/y b/y 100",
  ]);
});

test("empty files, other types and other workspaces are never paired", () => {
  const same = fileChange("x", { after: "same\n" }).change.after;
  const changes = [
    fileChange("gone", { before: "" }).change,
    fileChange("new", { after: "" }).change,
    change("link", { before: base({ type: "symlink", target: "same\n", size: 5 }) }),
    change("old", {
      workspace: 1,
      before: base({ size: 5, ...(same?.digest && { digest: same.digest }) }),
    }),
    fileChange("x", { after: "same\n" }).change,
  ];
  assert.equal(findMoves(changes, () => undefined).size, 0);
  const control = [...changes, fileChange("old", { before: "same\n" }).change];
  assert.equal(findMoves(control, () => undefined).size, 1);
});

test("what is alike is found as git finds it, with git's numbers", (t) => {
  const word = fc.constantFrom("alpha", "beta", "gamma", "delta\r", "a longer line of words", "");
  const text = fc.array(word, { minLength: 4, maxLength: 30 }).map((all) => `${all.join("\n")}\n`);
  const edit = fc.tuple(text, fc.nat(), fc.nat(8), text);
  fc.assert(
    fc.property(edit, ([before, at, count, added]) => {
      const old = before.split("\n");
      old.splice(at % old.length, count, ...added.split("\n").slice(0, 3));
      const after = old.join("\n");
      if (after === before || after === "") return;
      const { moves } = compare({ "a.txt": before }, { "b.txt": after });
      const ours = describe(moves).map((line) => line.split(" ").at(-1));
      assert.deepEqual(ours, askGit(t, { "a.txt": before }, { "b.txt": after }));
    }),
    { numRuns: 12 },
  );
});

test("a patch of moves and copies gives git and GNU patch the tree after", (t) => {
  const before = {
    "src/old/one.ts": lines(20, "one"),
    "src/old/two.ts": lines(20, "two"),
    "edited.ts": lines(20, "edited"),
    "with blank.ts": lines(9, "blank"),
  };
  const after = {
    "src/new/one.ts": before["src/old/one.ts"],
    "src/new/two.ts": `${before["src/old/two.ts"]}more\n`,
    "edited.ts": `${before["edited.ts"]}more\n`,
    "copied.ts": `head\n${before["edited.ts"]}`,
    'quo"ted.ts': before["with blank.ts"],
  };
  const { changes, moves, read } = compare(before, after);
  assert.deepEqual(describe(moves).toSorted(), [
    "copy edited.ts copied.ts 98",
    "move src/old/one.ts src/new/one.ts 100",
    "move src/old/two.ts src/new/two.ts 98",
    'move with blank.ts quo"ted.ts 100',
  ]);
  const away = toMovedAway(moves);
  const patch = changes
    .filter((one) => !away.has(one))
    .map((one) => renderPatch(toDiff(one, { moves, read }), { colour: false, terminal: false }))
    .join("");
  assert.match(
    patch,
    /^similarity index 100%\nrename from src\/old\/one.ts\nrename to src\/new\/one.ts$/m,
  );
  assert.match(
    patch,
    /^similarity index 98%\ncopy from edited.ts\ncopy to copied.ts\n--- a\/edited.ts$/m,
  );
  for (const apply of [applyWithGit, applyWithPatch]) {
    const directory = workDirectory(t);
    write(directory, before);
    apply(directory, patch);
    const check = workDirectory(t);
    write(check, after);
    execFileSync("diff", ["-r", directory, check]);
  }
});

test("lists name both sides as git does, and a deletion that is a move is not listed again", () => {
  const { changes, moves, read } = compare(
    { "src/old/a.ts": lines(9, "a"), "gone.ts": "gone\n", "m.ts": "m\n" },
    { "src/new/a.ts": `${lines(9, "a")}x\n`, "m.ts": "n\n" },
  );
  assert.equal(
    renderNameStatus(changes, { colour: false, moves }),
    "D\tgone.ts\nM\tm.ts\nR099\tsrc/old/a.ts\tsrc/new/a.ts\n".replace("099", "098"),
  );
  const files = changes.map((one) => toDiff(one, { moves, read }));
  const stat = renderStat(files, { colour: false, width: 80 });
  assert.match(stat, /^ src\/\{old => new\}\/a\.ts \| 1 \+$/m);
  assert.match(stat, /^ 3 files changed/m);
});

test("a renamed directory is one line, what was altered on the way one of its own", () => {
  const { moves } = compare(
    { "a/x/1": "one\n", "a/x/2": "two\n", "a/3": lines(9, "three"), top: "top\n" },
    { "b/x/1": "one\n", "b/x/2": "two\n", "b/3": `${lines(9, "three")}+\n`, other: "top\n" },
  );
  assert.deepEqual(
    foldMoves(moves)
      .map(({ from, to, files, similarity }) => `${from} ${to} ${files} ${similarity}`)
      .toSorted(),
    ["a b 2 100", "a/3 b/3 1 98", "top other 1 100"],
  );
});

test("too many to compare, or too much to read, ends the search by content, not that by digest", () => {
  const before: Record<string, string> = { same: "the same\n" };
  const after: Record<string, string> = { moved: "the same\n" };
  for (let at = 0; at <= ALIKE_LIMITS.files; at += 1) {
    before[`a${at}`] = `${lines(3, `w${at}`)}`;
    after[`b${at}`] = `${lines(3, `w${at}`)}end\n`;
  }
  assert.deepEqual(describe(compare(before, after).moves), ["move same moved 100"]);
  let bytes = 0;
  const big = 900_000;
  const changes = Array.from({ length: 60 }, (_, at) => [
    change(`o${at}`, { before: base({ size: big }) }),
    change(`n${at}`, { after: next({ size: big }) }),
  ]).flat();
  findMoves(changes, () => {
    bytes += big;
    return new Uint8Array(big).fill(120);
  });
  assert.ok(bytes > 0 && bytes <= ALIKE_LIMITS.bytes, `${bytes}`);
});

function toDiff(
  one: Change,
  o: { readonly moves: Moves; readonly read: ReturnType<typeof compare>["read"] },
) {
  const origin = o.moves.get(one);
  const sides = origin === undefined ? one : toSides(one, origin);
  const wanted = needsContent(sides);
  const before = wanted.before ? o.read(origin?.from ?? one, "before") : undefined;
  const after = wanted.after ? o.read(one, "after") : undefined;
  const content = { ...(before && { before }), ...(after && { after }) };
  return origin === undefined ? toFileDiff(one, content) : toMoveDiff(one, origin, content);
}

function write(directory: string, tree: Tree): void {
  for (const [name, text] of Object.entries(tree)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    writeFileSync(path.join(directory, name), text);
  }
}

/** The similarity real git gives each rename it finds. */
function askGit(t: TestContext, before: Tree, after: Tree): readonly string[] {
  const directory = workDirectory(t);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, { cwd: directory, env: ENV, encoding: "utf8" });
  git("init", "-q");
  write(directory, before);
  git("add", ".");
  for (const name of Object.keys(before)) rmSync(path.join(directory, name));
  write(directory, after);
  const old = git("write-tree").trim();
  git("add", "-A", ".");
  const out = git("diff-tree", "-r", "-M", old, git("write-tree").trim());
  return out
    .split("\n")
    .flatMap((line) => /\tR?/.test(line) && / R(\d+)\t/.exec(line)?.[1])
    .flatMap((number) => (typeof number === "string" ? String(Number(number)) : []));
}
