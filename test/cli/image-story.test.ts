import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { writeBusyboxImage } from "../support/engine-images.js";
import { openPerson } from "../support/person.js";
import { openTempDir } from "../support/temp-tree.js";

const KINDS =
  process.getuid?.() === 0 ? (["root", "plain user"] as const) : (["plain user"] as const);

for (const kind of KINDS)
  test(`${kind}: a run in an image, another task in it, its diff and its commit`, () => {
    using dir = openTempDir();
    using person = openPerson(kind);
    person.make({ "old.txt": "old\n", "keep.txt": "keep\n" });
    const image = writeBusyboxImage(dir.path);
    const script =
      'cat /data/of-the-image; echo "$FROM_IMAGE $HOME"; echo new >new.txt; rm old.txt';
    const run = person.sandbox(["run", "--image", image, "--", "sh", "-c", script]);
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stdout, "image\n1 /home/sandbox\n");

    const exec = person.sandbox([
      "exec",
      "latest",
      "--",
      "sh",
      "-c",
      "cat /data/of-the-image >>new.txt",
    ]);
    assert.equal(exec.status, 0, exec.stderr);
    assert.match(person.sandbox(["show", "latest"]).stdout, /^image {6}docker-archive:.*sha256:/m);
    assert.match(person.sandbox(["diff", "latest"]).stdout, /^\+image$/m);

    const kept = person.sandboxJson(["prune", "--all"]);
    assert.deepEqual(kept.json.others, []);
    const commit = person.sandbox(["commit", "latest", "--yes"]);
    assert.equal(commit.status, 0, commit.stderr);
    assert.equal(readFileSync(path.join(person.project, "new.txt"), "utf8"), "new\nimage\n");
    assert.ok(!existsSync(path.join(person.project, "old.txt")));

    const missing = person.sandbox(["run", "--image", image, "--", "git", "status"]);
    assert.deepEqual([missing.status, missing.stdout], [127, ""]);
    assert.match(missing.stderr, /^sandbox: git: command not found in the sandbox\n/);
    const unknown = person.sandbox(["run", "--image", "./none.tar", "--", "true"]);
    assert.deepEqual([unknown.status, unknown.stdout], [125, ""]);
    assert.match(unknown.stderr, /^sandbox: --image \.\/none\.tar: there is no .*none\.tar\n/);
    const pruned = person.sandboxJson(["prune", "--all"]);
    assert.match(pruned.json.others.join("\n"), /^the image sha256:[0-9a-f]{64}$/);
  });
