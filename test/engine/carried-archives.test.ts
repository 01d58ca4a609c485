import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, lstatSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parseRelPath, type RelPath } from "../../src/core/path.js";
import { writeTreeTar, type WrittenTree } from "../../src/engine/docker/write-tree-tar.js";
import { openNative } from "../../src/host/native.js";
import { describeTree } from "../support/describe-tree.js";
import { makeTree, openTempDir, type TreeLines } from "../support/temp-tree.js";

const native = openNative();
const NO_MAPPING = { idmap: "none", taskUid: 1, taskGid: 1 } as const;
const isRoot = process.getuid?.() === 0;

interface SendOptions {
  readonly covered?: readonly (readonly [string, "dir" | "file"])[];
  readonly swap?: number;
  readonly midway?: () => void;
}

/** The archive of the tree at `root`, in memory. */
function archive(root: string, o: SendOptions = {}): { bytes: Buffer; written: WrittenTree } {
  const covered = new Map<RelPath, "dir" | "file">(
    (o.covered ?? []).map(([name, type]) => [parseRelPath(name), type]),
  );
  const mapping =
    o.swap === undefined
      ? NO_MAPPING
      : ({ idmap: "swap-root", taskUid: o.swap, taskGid: o.swap } as const);
  const generator = writeTreeTar({ root, top: "t", covered, native, mapping });
  const pieces: Buffer[] = [];
  for (;;) {
    const next = generator.next();
    if (next.done === true) return { bytes: Buffer.concat(pieces), written: next.value };
    pieces.push(next.value);
    if (pieces.length === 1) o.midway?.();
  }
}

/** What GNU tar makes of an archive. */
function unpack(bytes: Buffer, into: string): void {
  const options = ["--xattrs", "--xattrs-include=*", "-p", "--numeric-owner"];
  const result = spawnSync("tar", ["-x", ...options, "-C", into], { input: bytes });
  assert.equal(result.status, 0, result.stderr.toString());
}

const TREE: TreeLines = [
  ...["a/b/c=text", "a/run@755=#!/bin/sh", "link->a/b/c", "dangling->nowhere", "fifo|", "empty="],
  ...["a/none@0700/", `${"long-".repeat(40)}/${"name-".repeat(40)}=deep`, "ünï=ö", "sticky@1777/"],
];

describe("the archive of a tree", () => {
  it("gives the tree back: modes, times in nanoseconds, links, attributes, names of any bytes", () => {
    using dir = openTempDir();
    const root = path.join(dir.path, "root");
    makeTree(root, TREE);
    spawnSync("ln", [path.join(root, "a/b/c"), path.join(root, "hard")]);
    writeFileSync(Buffer.from(`${root}/\xff\xfe`, "latin1"), "bytes");
    native.lsetxattr(path.join(root, "empty"), "user.bin", Buffer.from([0, 10, 255, 61]));
    spawnSync("setfacl", ["-m", "u:1234:rw", path.join(root, "a/run")]);
    spawnSync("touch", ["-d", "1960-01-02T03:04:05.678901234Z", path.join(root, "a/b/c")]);
    const { bytes, written } = archive(root);
    const into = path.join(dir.path, "into");
    makeTree(into, []);
    unpack(bytes, into);
    assert.equal(describeTree(path.join(into, "t")), describeTree(root));
    assert.equal(written.bytes, bytes.length);
  });

  it("is not made of a tree with attributes that a daemon would lose or rename", () => {
    for (const [name, value] of [
      ["user.a=b", "v"],
      ["user.empty", ""],
    ] as const) {
      using dir = openTempDir();
      makeTree(dir.path, ["d/f=text"]);
      const file = path.join(dir.path, "d/f");
      native.lsetxattr(file, "user.plain", Buffer.from("a=b"));
      assert.ok(archive(dir.path).bytes.includes("user.plain"), "control");
      native.lsetxattr(file, name, Buffer.from(value));
      const expected = new RegExp(`/d/f has an attribute that cannot be sent: "${name}"`);
      assert.throws(() => archive(dir.path), { code: "sandbox-unavailable", message: expected });
    }
  });

  it("is the same for the same tree and another for another", () => {
    using dir = openTempDir();
    makeTree(dir.path, TREE);
    const first = archive(dir.path).written;
    const second = archive(dir.path).written;
    assert.equal(first.digest, second.digest);
    assert.equal(first.fingerprint.digest, second.fingerprint.digest);
    appendFileSync(path.join(dir.path, "empty"), "x");
    const third = archive(dir.path).written;
    assert.notEqual(third.digest, first.digest);
    assert.notEqual(third.fingerprint.digest, first.fingerprint.digest);
  });

  it("holds nothing of what is covered but an empty thing of its type", () => {
    using dir = openTempDir();
    makeTree(dir.path, ["secret/key=TOPSECRET", "env=TOPSECRET", "open=fine"]);
    const shown = archive(dir.path).bytes;
    const { bytes } = archive(dir.path, {
      covered: [
        ["secret", "dir"],
        ["env", "file"],
      ],
    });
    assert.ok(shown.includes("TOPSECRET"));
    assert.ok(!bytes.includes("TOPSECRET"));
    assert.ok(!bytes.includes("key"));
    using into = openTempDir();
    unpack(bytes, into.path);
    assert.ok(lstatSync(path.join(into.path, "t/secret")).isDirectory());
    assert.equal(lstatSync(path.join(into.path, "t/env")).size, 0);
  });

  it("stays whole when a file grows or shrinks while it is read, and is not remembered", () => {
    for (const change of [
      (file: string) => truncateSync(file, 1000),
      (file: string) => appendFileSync(file, "more"),
    ]) {
      using dir = openTempDir();
      const big = path.join(dir.path, "a-big");
      writeFileSync(big, Buffer.alloc(2_000_000, 7));
      writeFileSync(path.join(dir.path, "b"), "after");
      const { bytes, written } = archive(dir.path, { midway: () => change(big) });
      using into = openTempDir();
      unpack(bytes, into.path);
      assert.equal(lstatSync(path.join(into.path, "t/a-big")).size, 2_000_000);
      assert.equal(lstatSync(path.join(into.path, "t/b")).size, 5);
      const shrunk = lstatSync(big).size === 1000;
      if (shrunk) assert.equal(written.fingerprint.isSettled, false);
    }
  });

  it("follows no link, and leaves out sockets", () => {
    using dir = openTempDir();
    makeTree(dir.path, ["in=1", "out->/etc", "etc->/etc/passwd"]);
    spawnSync("python3", [
      "-c",
      "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])",
      path.join(dir.path, "sock"),
    ]);
    const { stdout } = spawnSync("tar", ["-t"], { input: archive(dir.path).bytes });
    assert.deepEqual(stdout.toString().split("\n").sort(), ["", "t/", "t/etc", "t/in", "t/out"]);
  });

  it("names the file that cannot be read", { skip: isRoot ? "root reads all" : false }, () => {
    using dir = openTempDir();
    makeTree(dir.path, ["open=1", "shut@0=2"]);
    assert.throws(() => archive(dir.path), {
      name: "SandboxError",
      message: `${dir.path}/shut cannot be read, so it cannot be sent`,
    });
    chmodSync(path.join(dir.path, "shut"), 0o600);
    archive(dir.path);
  });

  it("exchanges root and the task, also in access lists", {
    skip: isRoot ? false : "only root sends root's files",
  }, () => {
    using dir = openTempDir();
    makeTree(dir.path, ["f=1"]);
    spawnSync("setfacl", ["-m", "u:54321:rw", path.join(dir.path, "f")]);
    using into = openTempDir();
    unpack(archive(dir.path, { swap: 54_321 }).bytes, into.path);
    const file = path.join(into.path, "t/f");
    assert.equal(lstatSync(file).uid, 54_321);
    const acl = spawnSync("getfacl", ["-n", file], { encoding: "utf8" }).stdout;
    assert.match(acl, /user:0:rw-/);
  });
});
