import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { RelPath } from "../../src/core/path.js";
import { toFileDiff } from "../../src/review/file-diff.js";
import { renderNameStatus } from "../../src/review/render-name-status.js";
import { renderPlan } from "../../src/review/render-plan.js";
import { renderStat } from "../../src/review/render-stat.js";
import { renderTable } from "../../src/review/render-table.js";
import { ENV, workDirectory } from "./apply-patch.js";
import { base, change, fileChange, next } from "./changes.js";

const PLAIN = { colour: false } as const;

test("name and status, one line a change, as git writes them", () => {
  const link = next({ type: "symlink", target: "x" });
  const changes = [
    change("dir", { after: next({ type: "dir", mode: 0o755 }) }),
    change("dir/new", { after: next() }),
    change("empty", { after: next({ type: "dir", mode: 0o755 }) }),
    change("gone", { before: base() }),
    change("mode", { before: base({ type: "dir" }), after: next({ type: "dir", mode: 0o700 }) }),
    change("same", { before: base(), after: next() }),
    change("tab\tbed", { before: base(), after: link }),
  ];
  assert.equal(
    renderNameStatus(changes, PLAIN),
    'A\tdir/new\nA\tempty/\nD\tgone\nM\tmode/\nM\tsame\nT\t"tab\\tbed"\n',
  );
});

test("the bars and totals of --stat are git's", (t) => {
  const directory = workDirectory(t);
  const files: [string, { before?: string; after?: string }][] = [
    [
      "a/very/long/path/that/goes/on/and/on/through/many/directories/to/file.ts",
      { before: "x\n".repeat(90), after: "y\n".repeat(7) },
    ],
    ["bin", { before: "a\0", after: "\0".repeat(1200) }],
    ["gone", { before: "1\n2\n" }],
    ["new", { after: "1\n".repeat(200) }],
    ["small", { before: "a\nb\n", after: "a\nc\n" }],
  ];
  for (const [name, content] of files)
    for (const [side, text] of [
      ["a", content.before],
      ["b", content.after],
    ] as const) {
      if (text === undefined) continue;
      mkdirSync(path.dirname(path.join(directory, side, name)), { recursive: true });
      writeFileSync(path.join(directory, side, name), text);
    }
  const diffs = files.map(([name, content]) => {
    const made = fileChange(name, content);
    return toFileDiff(made.change, made.content);
  });
  for (const width of [60, 80, 140]) {
    // Names as git has them in a repository: both sides are one path.
    const git = gitStat(directory, width);
    assert.equal(renderStat(diffs, { colour: false, width }), git);
  }
});

function gitStat(directory: string, width: number): string {
  const run = (...argv: string[]) =>
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", "--git-dir=repo", ...argv], {
      cwd: directory,
      env: ENV,
      encoding: "utf8",
    });
  run("init", "-q");
  const trees = ["a", "b"].map((side) => {
    run(`--work-tree=${side}`, "add", "-A", ".");
    return run("write-tree").trim();
  });
  return run("diff", "--no-renames", `--stat=${width}`, ...trees);
}

test("a plan marks each path and counts", () => {
  const step = (name: string) => ({ workspace: 0, path: name as RelPath });
  const plan = {
    title: "Commit of s-abcdefghij",
    workspaces: ["/w"],
    steps: [
      { ...step("new"), action: "add" },
      { ...step("old"), action: "delete" },
      { ...step("Makefile"), action: "change", note: "the build runs what it says" },
      { ...step("c\x1b"), action: "conflict", note: "changed on the host" },
    ],
  } as const;
  assert.equal(
    renderPlan(plan, PLAIN),
    "Commit of s-abcdefghij\n  + new\n  - old\n  ~ Makefile  the build runs what it says\n" +
      '  ! "c\\x1b"  changed on the host\n\nPlan: 1 to add, 1 to change, 1 to delete, 1 in conflict.\n',
  );
});

test("a table is aligned, neutral, and cut only where a terminal is narrow", () => {
  const columns = [
    { title: "SESSION" },
    { title: "FILES", align: "right" },
    { title: "COMMAND" },
  ] as const;
  const rows = [
    ["s-a", "12", "echo \x1b[2J日本 and a long way to go"],
    ["s-bcd", "1234", "true"],
  ];
  assert.equal(
    renderTable(columns, rows, PLAIN),
    "SESSION  FILES  COMMAND\ns-a         12  echo \\x1b[2J日本 and a long way to go\ns-bcd     1234  true\n",
  );
  assert.equal(
    renderTable(columns, rows, { colour: false, width: 34 }),
    "SESSION  FILES  COMMAND\ns-a         12  echo \\x1b[2J日本 …\ns-bcd     1234  true\n",
  );
});

test("with several workspaces the paths are the host's", () => {
  const changes = [change("a", { after: next(), workspace: 1 })];
  const workspaces = ["/w/one", "/w/two"];
  assert.equal(renderNameStatus(changes, { colour: false, workspaces }), "A\t/w/two/a\n");
});
