import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Changeset } from "../../src/core/change.js";
import { type OverlayCase, toLine } from "../support/overlay-case.js";
import { readCases } from "../support/run-cases.js";

const lines = (changeset: Changeset): readonly string[] => changeset.changes.map(toLine);

function read(one: OverlayCase): Changeset {
  const [changeset] = readCases([one]);
  assert.ok(changeset);
  return changeset;
}

function checkLines(one: OverlayCase, expected: readonly string[]): void {
  assert.deepEqual(lines(read(one)), expected);
}

describe("what is no change", () => {
  const base = ["a=one", "d/f=two", "l->a", "p|"];

  it("touched, opened for writing, renamed there and back", () => {
    const edit = `touch a d d/f; : >> d/f; mv a t; mv t a; mv l m; mv m l; rm p; mkfifo p`;
    checkLines({ base, edit }, []);
  });
  it("written again with the same bytes, though the inode is another", () => {
    checkLines({ base, edit: "rm a; printf one > a; rm -rf d; mkdir d; printf two > d/f" }, []);
  });
  it("made and removed again", () => {
    checkLines({ base, edit: "mkdir n; touch n/x; rm -r n; rm a; printf one > a" }, []);
  });
  it("a path the task deleted and the host deleted too", () => {
    checkLines({ base, edit: "rm a; rm -r d", host: "rm a; rm -r d" }, []);
  });
  it("a path to which the host did the same", () => {
    checkLines({ base, edit: "printf new > a", host: "printf new > a" }, []);
  });
});

describe("what is a change", () => {
  it("other bytes of the same size at the same time", () => {
    const edit = "touch -r a ref; printf two > a; touch -r ref a; rm ref";
    checkLines({ base: ["a=one"], edit }, ["M a file"]);
  });
  it("the mode alone, of a file, a directory and the workspace itself", () => {
    const changeset = read({
      base: ["f=1", "d/x=1"],
      edit: "chmod 4711 f; chmod 700 d; chmod 770 .",
    });
    assert.deepEqual(lines(changeset), ["M  dir", "M d dir", "M f file"]);
    assert.deepEqual(
      changeset.changes.map((change) => change.after?.mode),
      [0o770, 0o700, 0o4711],
    );
  });
  it("an attribute or an access list alone", () => {
    const edit = "setfattr -n user.note -v hi d; setfacl -m u:0:rwx f; setfattr -n user.w -v 1 .";
    const changeset = read({ base: ["f=1", "d/x=1"], edit });
    assert.deepEqual(lines(changeset), ["M  dir", "M d dir", "M f file"]);
    const [root, dir, file] = changeset.changes;
    assert.deepEqual(root?.after?.xattrs, { "user.w": "MQ==" });
    assert.deepEqual(dir?.after?.xattrs, { "user.note": "aGk=" });
    assert.deepEqual(Object.keys(file?.after?.xattrs ?? {}), ["system.posix_acl_access"]);
  });
  it("an attribute taken away, of one of two", () => {
    const prepare = "setfattr -n user.a -v 1 f; setfattr -n user.b -v 2 f";
    const changeset = read({ base: ["f=1"], prepare, edit: "setfattr -x user.a f" });
    const [change] = changeset.changes;
    assert.deepEqual(change?.before?.xattrs, { "user.a": "MQ==", "user.b": "Mg==" });
    assert.deepEqual(change?.after?.xattrs, { "user.b": "Mg==" });
  });
  it("every child of a deleted directory, each with what it was", () => {
    const base = ["d/a=1", "d/e/f/g=22", "d/e/l->a", "keep=1"];
    const changeset = read({ base, edit: "rm -rf d" });
    const expected = [
      "D d dir",
      "D d/a file",
      "D d/e dir",
      "D d/e/f dir",
      "D d/e/f/g file",
      "D d/e/l symlink",
    ];
    assert.deepEqual(lines(changeset), expected);
    assert.ok(changeset.changes.every((change) => change.after === undefined));
    assert.equal(changeset.changes[4]?.before?.size, 2);
    assert.match(changeset.changes[4]?.before?.digest ?? "", /^sha256:/);
    assert.equal(changeset.changes[5]?.before?.target, "a");
  });
  it("a directory moved by copying, as tools do when the kernel refuses", () => {
    checkLines({ base: ["d/a=1"], edit: "mv d e" }, [
      "D d dir",
      "D d/a file",
      "A e dir",
      "A e/a file",
    ]);
  });
});

describe("the order and the digest", () => {
  const base = ["a=1", "b/c=1", "b.x=1"];

  it("sorts by code units, a parent before what it holds", () => {
    checkLines(
      { base, edit: "printf 2 > b.x; printf 2 > b/c; chmod 700 b; mkdir B; printf 1 > é" },
      ["A B dir", "M b dir", "M b.x file", "M b/c file", "A é file"],
    );
  });
  it("does not depend on the order in which things were made, nor on times and places", () => {
    const edits = [
      "rm b/c; printf 2 > a; mkdir n; printf 3 > n/x",
      "mkdir n; printf 3 > n/x; rm b/c; rm a; printf 2 > a; touch -d @1 n a",
    ];
    const [one, two] = readCases(edits.map((edit) => ({ base, edit })));
    assert.equal(one?.digest, two?.digest);
    assert.equal(one?.changes.length, 4);
  });
  it("tells apart content, mode, path, type, base and attributes", () => {
    const edits = [
      "printf 2 > a",
      "printf 3 > a",
      "chmod 600 a",
      "printf 1 > c",
      "rm a",
      "rm a; ln -s 2 a",
      "setfattr -n user.x -v 1 a",
      "true",
    ];
    const cases = [
      ...edits.map((edit) => ({ base, edit })),
      { base: ["a=0"], edit: "printf 2 > a" },
    ];
    const digests = readCases(cases).map((changeset) => changeset.digest);
    assert.equal(new Set(digests).size, cases.length);
  });
});

describe("hard links", () => {
  it("keeps the links among new names", () => {
    const changeset = read({
      base: [],
      edit: "printf 1 > b; ln b c; mkdir d; ln b d/a; printf 1 > lone",
    });
    const groups = changeset.changes.map((change) => [change.path, change.after?.linkGroup]);
    assert.deepEqual(groups, [
      ["b", "b"],
      ["c", "b"],
      ["d", undefined],
      ["d/a", "b"],
      ["lone", undefined],
    ]);
  });
  it("says when a copy-up split a link of the workspace", () => {
    const changeset = read({ base: ["a=1"], prepare: "ln a b", edit: "printf 2 > a" });
    assert.deepEqual(lines(changeset), ["M a file"]);
    assert.deepEqual(
      changeset.notices.map((notice) => [notice.path, notice.kind]),
      [["a", "link-split"]],
    );
  });
  it("says when a new name was a link to an unchanged file", () => {
    const changeset = read({ base: ["a=1"], edit: "ln a b" });
    assert.deepEqual(lines(changeset), ["A b file"]);
    assert.deepEqual(
      changeset.notices.map((notice) => [notice.path, notice.kind]),
      [["b", "link-split"]],
    );
  });
});

describe("links and odd types", () => {
  it("does not follow symbolic links on either side", () => {
    const base = ["out->/etc", "loop->loop", "in->d", "d/x=1"];
    const edit = "rm out in; ln -s / out; ln -s /proc/self in2; printf 2 > d/x";
    checkLines({ base, edit }, ["M d/x file", "D in symlink", "A in2 symlink", "M out symlink"]);
  });
  it("leaves sockets out with a notice, and what they replaced is gone", () => {
    const bind = (name: string): string =>
      `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("${name}")'`;
    const changeset = read({
      base: ["a=1"],
      edit: `${bind("s")}; rm a; ${bind("a")}; printf 1 > ok`,
    });
    assert.deepEqual(lines(changeset), ["D a file", "A ok file"]);
    assert.deepEqual(
      changeset.notices.map((notice) => [notice.path, notice.kind]),
      [
        ["a", "socket-skipped"],
        ["s", "socket-skipped"],
      ],
    );
  });
});
