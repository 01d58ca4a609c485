import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { toFileDiff } from "../../src/review/file-diff.js";
import { renderPatch } from "../../src/review/render-patch.js";
import { applyWithGit, applyWithPatch, ENV, workDirectory } from "./apply-patch.js";
import { base, change, digestOf, fileChange, next } from "./changes.js";

const EXACT = { colour: false, terminal: false } as const;
const TERMINAL = { colour: false, terminal: true } as const;

function patchOf(
  name: string,
  content: { before?: string | Uint8Array; after?: string | Uint8Array },
  modes: { before?: number; after?: number } = {},
): string {
  const made = fileChange(name, content, modes);
  return renderPatch(toFileDiff(made.change, made.content), EXACT);
}

/** What git says of the same two contents, without the line of blob ids. */
function gitDiff(directory: string, before: string, after: string): string {
  for (const [side, text] of [
    ["a", before],
    ["b", after],
  ] as const) {
    mkdirSync(path.join(directory, side), { recursive: true });
    writeFileSync(path.join(directory, side, "f"), text);
  }
  const argv = ["diff", "--no-index", "--no-prefix", "a/f", "b/f"];
  try {
    return execFileSync("git", argv, { cwd: directory, env: ENV, encoding: "utf8" });
  } catch (error) {
    const out = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    return out.replace(/^index .*\n/m, "");
  }
}

const line = fc.constantFrom("", "a", "b", "}", "  x = 1", "ü", "\r", "-- sql", "++ more", "tab\t");
const text = fc
  .tuple(fc.array(line, { maxLength: 25 }), fc.boolean())
  .map(([lines, ended]) => lines.join("\n") + (ended && lines.length > 0 ? "\n" : ""));

test("writes the patch git would write", (t) => {
  const directory = workDirectory(t);
  const cases: [string, string][] = [
    ["one\ntwo\nthree\n", "one\n2\nthree\n"],
    ["a\n", "a"],
    ["a", "a\n"],
    ["a\r\nb\r\n", "a\r\nc\r\n"],
    [`${numbers(1, 40)}`, `${numbers(1, 40).replace("5\n", "five\n").replace("30\n", "")}`],
    [
      "int main() {\n  1;\n  2;\n  3;\n  4;\n  5;\n}\n",
      "int main() {\n  1;\n  2;\n  3;\n  4;\n  six;\n}\n",
    ],
    ["f {\n}\n\ng {\n}\n", "f {\n}\n\nh {\n}\n\ng {\n}\n"],
    ["a\nb\nc\n", ""],
    ["", "a\nb\n"],
  ];
  for (const [before, after] of cases)
    assert.equal(patchOf("f", { before, after }), gitDiff(directory, before, after));
});

function numbers(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => `${from + i}\n`).join("");
}

test("git apply and patch give the content after, for any two texts", (t) => {
  const directory = workDirectory(t);
  const file = path.join(directory, "f.txt");
  fc.assert(
    fc.property(text, text, (before, after) => {
      const patch = patchOf("f.txt", { before, after });
      for (const apply of [applyWithGit, applyWithPatch]) {
        writeFileSync(file, before);
        if (before !== after) apply(directory, patch);
        // An empty result is a deleted file for GNU patch, unless POSIX is asked for.
        const result = after === "" && apply === applyWithPatch ? "" : readFileSync(file, "utf8");
        assert.equal(result, after);
      }
    }),
    { numRuns: 40 },
  );
});

test("a file comes and goes with its mode", (t) => {
  const directory = workDirectory(t);
  const made = patchOf("dir/new.sh", { after: "#!/bin/sh\n" }, { after: 0o755 });
  assert.equal(
    made,
    "diff --git a/dir/new.sh b/dir/new.sh\nnew file mode 100755\n--- /dev/null\n+++ b/dir/new.sh\n@@ -0,0 +1 @@\n+#!/bin/sh\n",
  );
  applyWithGit(directory, made);
  assert.equal(lstatSync(path.join(directory, "dir/new.sh")).mode & 0o111, 0o111);
  applyWithGit(directory, patchOf("dir/new.sh", { before: "#!/bin/sh\n" }, { before: 0o755 }));
  assert.throws(() => lstatSync(path.join(directory, "dir/new.sh")), { code: "ENOENT" });
});

test("a mode alone changes, also one that raises rights", (t) => {
  const directory = workDirectory(t);
  const content = { before: "x\n", after: "x\n" };
  const patch = patchOf("run", content, { before: 0o644, after: 0o755 });
  assert.equal(patch, "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n");
  writeFileSync(path.join(directory, "run"), "x\n");
  chmodSync(path.join(directory, "run"), 0o644);
  applyWithGit(directory, patch);
  assert.equal(lstatSync(path.join(directory, "run")).mode & 0o111, 0o111);
  assert.match(patchOf("run", content, { before: 0o755, after: 0o4755 }), /new mode 104755/);
});

test("links are made, retargeted and turned into files", (t) => {
  const directory = workDirectory(t);
  const link = (target: string) =>
    ({ type: "symlink", mode: 0o777, target, size: target.length }) as const;
  const apply = (item: ReturnType<typeof change>, content = {}) =>
    applyWithGit(directory, renderPatch(toFileDiff(item, content), EXACT));
  apply(change("l", { after: next(link("one")) }));
  assert.equal(readlinkSync(path.join(directory, "l")), "one");
  apply(change("l", { before: base(link("one")), after: next(link("two words")) }));
  assert.equal(readlinkSync(path.join(directory, "l")), "two words");
  apply(change("l", { before: base(link("two words")), after: next({ size: 2 }) }), {
    after: Buffer.from("f\n"),
  });
  assert.equal(readFileSync(path.join(directory, "l"), "utf8"), "f\n");
  rmSync(path.join(directory, "l"));
  symlinkSync("x", path.join(directory, "l"));
  apply(change("l", { before: base(link("x")) }));
  assert.throws(() => lstatSync(path.join(directory, "l")), { code: "ENOENT" });
});

test("names with blanks, quotes, newlines and raw bytes reach the right file", (t) => {
  const directory = workDirectory(t);
  for (const name of [
    "a b",
    'q"uote',
    "new\nline",
    "tab\t",
    "ünï",
    "back\\slash",
    "esc\x1b[0m",
    "-n",
  ]) {
    applyWithGit(directory, patchOf(name, { after: "made\n" }));
    assert.equal(readFileSync(path.join(directory, name), "utf8"), "made\n");
    applyWithPatch(directory, patchOf(name, { before: "made\n", after: "changed\n" }));
    assert.equal(readFileSync(path.join(directory, name), "utf8"), "changed\n");
  }
  applyWithGit(directory, patchOf("raw\udcff", { after: "made\n" }));
  const raw = Buffer.concat([Buffer.from(`${directory}/raw`), Buffer.of(0xff)]);
  assert.equal(readFileSync(raw, "utf8"), "made\n");
});

test("binary content shows sizes and digests, and git refuses to lose it", (t) => {
  const directory = workDirectory(t);
  const patch = patchOf("logo.png", { before: "\0old", after: Uint8Array.of(0x89, 0xff, 1, 2, 3) });
  assert.equal(
    patch,
    `# logo.png: binary, 4 B ${digestOf("\0old").slice(0, 19)} → 5 B ${digestOf(Uint8Array.of(0x89, 0xff, 1, 2, 3)).slice(0, 19)}\n` +
      "diff --git a/logo.png b/logo.png\nBinary files a/logo.png and b/logo.png differ\n",
  );
  writeFileSync(path.join(directory, "logo.png"), "\0old");
  assert.throws(() => applyWithGit(directory, patch));
  assert.match(
    patchOf("latin1.txt", { after: Uint8Array.of(0x67, 0xfc, 0x6e) }),
    /^# latin1.txt: binary/,
  );
});

test("notes of directories, owners and attributes do not disturb git or patch", (t) => {
  const directory = workDirectory(t);
  const after = next({ uid: 0, gid: "user", size: 2, xattrs: { "user.x\n+++ b/evil": "YQ==" } });
  const noted = renderPatch(
    toFileDiff(change("own\ned", { after }), { after: Buffer.from("1\n") }),
    EXACT,
  );
  assert.match(
    noted,
    /^# "own\\ned": owner new → 0\n# "own\\ned": attribute user\.x\\n\+\+\+ b\/evil added\n/,
  );
  const dir = renderPatch(
    toFileDiff(change("d", { after: next({ type: "dir", mode: 0o755 }) }), {}),
    EXACT,
  );
  assert.equal(dir, "# d: new directory, mode 0755\n");
  applyWithGit(directory, dir + noted + patchOf("last", { after: "z\n" }) + dir);
  assert.equal(readFileSync(path.join(directory, "own\ned"), "utf8"), "1\n");
  applyWithPatch(directory, dir + patchOf("last", { before: "z\n", after: "y\n" }) + dir);
  assert.equal(readFileSync(path.join(directory, "last"), "utf8"), "y\n");
});

test("a terminal gets neutral text, and no CR where every line has one", () => {
  const show = (before: string, after: string) => {
    const made = fileChange("f", { before, after });
    return renderPatch(toFileDiff(made.change, made.content), TERMINAL);
  };
  assert.match(show("a\n", "\x1b]0;pwned\x07\u202e\n"), /\n\+\\x1b\]0;pwned\\x07\\u202e\n/);
  assert.match(show("a\r\n", "b\r\n"), /\n-a\n\+b\n/);
  assert.match(show("a\n", "b\r\n"), /\n-a\n\+b\\r\n/);
});

test("colour marks the words that changed", () => {
  const made = fileChange("f", { before: "let size = 1;\n", after: "let width = 1;\n" });
  const shown = renderPatch(toFileDiff(made.change, made.content), {
    colour: true,
    terminal: true,
  });
  assert.ok(shown.includes("\x1b[31m-let \x1b[7msize\x1b[27m = 1;\x1b[39m"), JSON.stringify(shown));
  assert.ok(
    shown.includes("\x1b[32m+let \x1b[7mwidth\x1b[27m = 1;\x1b[39m"),
    JSON.stringify(shown),
  );
});

test("huge or hopelessly different files end soon", () => {
  const long = fileChange("big", { before: "x\n".repeat(30_000), after: "y\n".repeat(30_000) });
  assert.match(
    renderPatch(toFileDiff(long.change, long.content), EXACT),
    /^# big: too large to compare, 59 KiB /,
  );
  const other = fileChange("b2", {
    before: Array.from({ length: 15_000 }, (_, i) => `a${(i * 7919) % 5003}\n`).join(""),
    after: Array.from({ length: 15_000 }, (_, i) => `a${(i * 104729) % 4999}\n`).join(""),
  });
  const diff = toFileDiff(other.change, other.content).parts[0]?.diff;
  assert.equal(diff?.kind, "text");
});
