import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import { type RelPath, ROOT_PATH } from "../../src/core/path.js";
import { toIgnorePredicate } from "../../src/review/git-ignore.js";
import { matchesGlob } from "../../src/review/wildmatch.js";

const ENV = { PATH: "/usr/bin:/bin", HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
const FILES = [
  "a",
  "b.log",
  "dir/a",
  "dir/b.log",
  "dir/sub/a",
  "dir/sub/deep/b.log",
  "foo/bar",
  "foo/x/bar",
  "foo/x/y/bar",
  "#hash",
  "!bang",
  "sp ",
  "a[b]",
  "build/out.o",
  "src/build/out.o",
  "A",
  "x\\y",
  "node_modules/m/index.js",
];

function repository(t: TestContext): string {
  const directory = mkdtempSync(path.join(tmpdir(), "sandbox-ignore-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  execFileSync("git", ["init", "-q", "."], { cwd: directory, env: ENV });
  for (const file of FILES) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), "");
  }
  return directory;
}

/** The files git itself ignores. */
function ignoredByGit(directory: string): readonly string[] {
  const argv = ["ls-files", "-z", "--others", "--ignored", "--exclude-standard"];
  const out = execFileSync("git", argv, { cwd: directory, env: ENV, encoding: "utf8" });
  return out
    .split("\0")
    .filter((file) => file !== "" && !file.endsWith(".gitignore"))
    .sort();
}

function ignoredByUs(files: ReadonlyMap<RelPath, string>): readonly string[] {
  const isIgnored = toIgnorePredicate(files);
  return FILES.filter((file) => isIgnored(file as RelPath, false)).sort();
}

function compare(directory: string, root: string, nested = ""): void {
  writeFileSync(path.join(directory, ".gitignore"), root);
  writeFileSync(path.join(directory, "dir/.gitignore"), nested);
  const ours = ignoredByUs(
    new Map([
      [ROOT_PATH, root],
      ["dir" as RelPath, nested],
    ]),
  );
  assert.deepEqual(ours, ignoredByGit(directory), JSON.stringify({ root, nested }));
}

test("ignores what git ignores", (t) => {
  const directory = repository(t);
  for (const root of [
    "*.log",
    "/a",
    "a",
    "dir/",
    "dir",
    "dir/*",
    "dir/*\n!dir/sub",
    "*.log\n!dir/b.log",
    "foo/**/bar",
    "**/bar",
    "foo/**",
    "/foo/*/bar",
    "\\#hash",
    "#hash",
    "\\!bang",
    "!bang",
    "sp\\ ",
    "sp ",
    "a\\[b\\]",
    "a[[]b]",
    "[a-c]",
    "[!a]",
    "[[:upper:]]",
    "build/",
    "/build",
    "**/build/**",
    "**\\/a",
    "**\\/bar",
    "dir\\/a",
    "dir\\\\/a",
    "foo/**\\/bar",
    "foo\\/**\\/bar",
    "foo\\/",
    "\\/a",
    "x\\\\y",
    "*",
    "*\n!*/\n!*.log",
    "dir\n!dir/a",
    "  a",
    "a\r\n",
    "??",
    "b.*\n\n# c\n!b.log",
    "/",
    "//",
    "a/",
    "[",
    "[a",
    "\\",
    "**",
    "/**",
    "a**",
    "foo**bar",
    "node_modules",
    "dir/sub/\n!dir/sub/a",
    "\ufeffa",
  ])
    compare(directory, root);
  compare(directory, "*.log", "!b.log");
  compare(directory, "!a", "/a");
  compare(directory, "", "sub/a\n/b.log");
});

test("ignores what git ignores, for any patterns", (t) => {
  const directory = repository(t);
  const piece = fc.constantFrom(
    "a",
    "b",
    "*",
    "**",
    "/",
    "?",
    "!",
    "[ab]",
    "dir",
    "sub",
    ".log",
    "foo",
    "bar",
    "\\",
    " ",
    "[^b]",
  );
  const pattern = fc.array(piece, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(""));
  const text = fc.array(pattern, { maxLength: 4 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, text, (root, nested) => compare(directory, root, nested)),
    { numRuns: 150, examples: [["***/a", ""]] },
  );
});

test("no pattern makes it run away", () => {
  assert.equal(matchesGlob(`${"a*".repeat(100)}b`, "a".repeat(5000)), false);
  assert.equal(matchesGlob(`${"*a".repeat(100)}`, "a".repeat(5000)), true);
  const isIgnored = toIgnorePredicate(new Map([[ROOT_PATH, `${"**/a/".repeat(200)}b`]]));
  assert.equal(isIgnored("a/".repeat(500).slice(0, -1) as RelPath, true), false);
});

test("ignores nothing without an ignore file", () => {
  assert.equal(toIgnorePredicate(new Map())("node_modules/x" as RelPath, false), false);
});
