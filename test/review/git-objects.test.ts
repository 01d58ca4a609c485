import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describeGit } from "../../src/review/describe-git.js";
import { applyDelta } from "../../src/review/git-delta.js";
import { toGitPlace } from "../../src/review/git-group.js";
import { GIT_LIMITS, type GitFiles, openGitObjects } from "../../src/review/git-objects.js";
import type { RelPath } from "../../src/core/path.js";
import { ENV, workDirectory } from "./apply-patch.js";

const NOBODY = {
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@x",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@x",
};

function openRepository(t: TestContext, format = "sha1") {
  const directory = workDirectory(t);
  const git = (...args: readonly string[]): string =>
    execFileSync("git", args, {
      cwd: directory,
      env: { ...ENV, ...NOBODY },
      encoding: "utf8",
    }).trim();
  git("init", "-q", "-b", "main", `--object-format=${format}`);
  for (let at = 0; at < 12; at += 1) {
    const text = Array.from(
      { length: 300 },
      (_, line) => `line ${line === at ? "x" : line}\n`,
    ).join("");
    writeFileSync(path.join(directory, "a.txt"), text);
    git("add", ".");
    git("commit", "-qm", `commit ${at}`);
  }
  return { directory, git, files: toFiles(path.join(directory, ".git")) };
}

function toFiles(root: string): GitFiles {
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  return {
    read: (name, most) => {
      const bytes = attempt(() => readFileSync(path.join(root, name)));
      return bytes !== undefined && bytes.length <= most ? bytes : undefined;
    },
    readRange: (name, offset, length) =>
      attempt(() => {
        const fd = openSync(path.join(root, name), "r");
        const bytes = Buffer.alloc(length);
        const count = readSync(fd, bytes, 0, length, offset);
        closeSync(fd);
        return bytes.subarray(0, count);
      }),
    list: (name) => attempt(() => readdirSync(path.join(root, name))) ?? [],
  };
}

for (const format of ["sha1", "sha256"])
  test(`${format}: every object is read as git reads it, loose and out of packs with deltas`, (t) => {
    const { git, files, directory } = openRepository(t, format);
    for (const packing of [[], ["gc", "-q"], ["repack", "-qadf", "--no-write-bitmap-index"]]) {
      if (packing.length > 0) git(...packing);
      const objects = openGitObjects(files);
      const ids = git(
        "cat-file",
        "--batch-all-objects",
        "--batch-check=%(objectname) %(objecttype)",
      );
      for (const line of ids.split("\n")) {
        const [id = "", type = ""] = line.split(" ");
        const object = objects.read(id);
        assert.equal(object?.type, type, line);
        const body = execFileSync("git", ["cat-file", type, id], { cwd: directory, env: ENV });
        assert.ok(Buffer.from(object?.body ?? []).equals(body), line);
      }
    }
    assert.equal(openGitObjects(files).read("0".repeat(format === "sha1" ? 40 : 64)), undefined);
  });

test("damaged and made-up files are not readable, and nothing is thrown", (t) => {
  const { git, files } = openRepository(t);
  git("gc", "-q");
  const tip = git("rev-parse", "main");
  assert.ok(openGitObjects(files).read(tip) !== undefined);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 20 }),
      fc.nat(3),
      (hits, cut) => {
        const spoil = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
          const copy = bytes && Buffer.from(bytes);
          if (copy !== undefined && copy.length > 0)
            for (const [at, value] of hits) copy[at % copy.length] = value;
          return copy?.subarray(0, cut === 0 ? copy.length >> 1 : copy.length);
        };
        const spoiled: GitFiles = {
          ...files,
          read: (name, most) => spoil(files.read(name, most)),
          readRange: (name, offset, length) => spoil(files.readRange(name, offset, length)),
        };
        const object = openGitObjects(spoiled).read(tip);
        assert.ok(object === undefined || object.type === "commit");
        describeGit({ before: spoiled, after: files, changed: ["refs/heads/main", "HEAD"] });
        describeGit({ before: files, after: spoiled, changed: ["refs/heads/main", "HEAD"] });
      },
    ),
    { numRuns: 60 },
  );
});

test("an object that inflates without end, or is not what its name says, is not read", () => {
  const bomb = deflateSync(Buffer.alloc(64 << 20));
  let reads = 0;
  const files = (bytes: Uint8Array): GitFiles => ({
    read: () => {
      reads += 1;
      return bytes;
    },
    readRange: () => bytes.subarray(0, 1),
    list: () => [],
  });
  const objects = openGitObjects(files(bomb));
  for (let at = 0; at < 100; at += 1) assert.equal(objects.read("a".repeat(40)), undefined);
  assert.ok(reads > GIT_LIMITS.inflated / GIT_LIMITS.object - 1);
  const real = deflateSync(Buffer.from("blob 2\0hi"));
  assert.equal(openGitObjects(files(real)).read("a".repeat(40)), undefined);
  const name = createHash("sha1").update("blob 2\0hi").digest("hex");
  assert.equal(Buffer.from(openGitObjects(files(real)).read(name)?.body ?? []).toString(), "hi");
});

test("a delta that reads or writes past its ends is refused", () => {
  const base = Buffer.from("base");
  assert.equal(Buffer.from(applyDelta(base, Buffer.from([4, 2, 0x90, 2]), 10)).toString(), "ba");
  for (const delta of [
    [4, 2, 0x90, 9],
    [4, 1, 0x90, 2],
    [5, 2, 0x90, 2],
    [4, 99, 0x90, 2],
    [4, 2, 0],
    [4, 2, 5, 1],
    [4, 2],
    [],
  ])
    assert.throws(() => applyDelta(base, Buffer.from(delta), 10), RangeError, `${delta}`);
});

test("a made-up history that leads to itself ends", () => {
  const id = "a".repeat(40);
  const after: GitFiles = {
    read: (name) => (name === "refs/heads/x" ? Buffer.from(`${id}\n`) : undefined),
    readRange: () => undefined,
    list: () => [],
  };
  const none: GitFiles = { read: () => undefined, readRange: () => undefined, list: () => [] };
  const story = describeGit({ before: none, after, changed: ["refs/heads/x"] });
  assert.deepEqual(story.notes, ["aaaaaaaaaa could not be read"]);
  assert.deepEqual(story.refs, [{ name: "refs/heads/x", after: id, commits: [] }]);
});

test("each path below .git is data, a lock, or something git obeys", () => {
  const roles: Readonly<Record<string, string | undefined>> = {
    ".git/index": "data",
    ".git/refs/heads/hooks/x": "data",
    ".git/objects/ab/cd": "data",
    ".git/modules/lib/sub/refs/heads/main": "data",
    ".git/worktrees/wt/HEAD": "data",
    "vendor/x/.git/HEAD": "data",
    ".git/hooks/pre-commit.sample": "data",
    ".git/hooks": "data",
    ".git/hooks/x.sample/pre-commit": "extra",
    ".git/modules/a/hooks/pre-commit.sample": "extra",
    ".git/config": "extra",
    ".git/hooks/pre-commit": "extra",
    ".git/objects/info/alternates": "extra",
    ".git/info/attributes": "extra",
    ".git/rebase-merge/git-rebase-todo": "extra",
    ".git/modules/a/refs/hooks/post-checkout": "extra",
    ".git/modules/lib/sub/config": "extra",
    ".git/worktrees/wt/gitdir": "extra",
    ".git/refs/.git/hooks/x": "extra",
    ".git/index.lock": "lock",
    ".git/refs/heads/main.lock": "lock",
    ".git/objects/ab/tmp_obj_x": "lock",
    ".github/workflows/x": undefined,
    "a.git/HEAD": undefined,
  };
  for (const [name, role] of Object.entries(roles))
    assert.equal(toGitPlace(name as RelPath)?.role, role, name);
});
