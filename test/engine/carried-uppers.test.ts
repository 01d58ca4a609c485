import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { unpackUpper } from "../../src/engine/docker/unpack-upper.js";
import { findScript } from "../../src/engine/oci/find-script.js";
import { openNative } from "../../src/host/native.js";
import { readChangeset } from "../../src/overlay/read-changeset.js";
import { everyKind } from "../commit/every-kind.js";
import { describeTree } from "../support/describe-tree.js";
import { inPieces, type RawEntry, toArchive } from "../support/hostile-tar.js";
import { runOverlay } from "../support/overlay-case.js";
import { makeTree, openTempDir, readTree, type TempDir } from "../support/temp-tree.js";

const native = openNative();
const SELF = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const MiB = 2 ** 20;

/** Hands an upperdir over as a daemon does: packed by our helper, unpacked here. */
async function carry(from: string, to: string): Promise<void> {
  const helper = spawn("perl", [findScript("helper.pl"), "pack", from], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await unpackUpper(helper.stdout, {
    upper: to,
    native,
    owners: { uids: new Set([SELF.uid, 4321]), gids: new Set([SELF.gid, 4321]) },
    mostBytes: 100 * MiB,
  });
}

/** Two upperdirs are equal but for where files were copied from, which means nothing on another machine, and what whiteouts are besides. */
function describeUpper(root: string): string {
  return describeTree(root)
    .replace(/user\.overlay\.origin=[0-9a-f]*/g, "user.overlay.origin=")
    .replace(/( 20000) .*/g, "$1");
}

describe("an upperdir that comes back from a daemon", () => {
  it("is the same one, and gives the same changeset", async () => {
    using dir = openTempDir();
    const { layers } = runOverlay(dir.path, everyKind);
    const upper = path.join(path.dirname(layers.upper), "carried");
    mkdirSync(upper);
    await carry(layers.upper, upper);
    assert.equal(describeUpper(upper), describeUpper(layers.upper));
    const carried = readChangeset([{ ...layers, upper }]);
    assert.equal(carried.digest, readChangeset([layers]).digest);
    assert.ok(carried.changes.length > 20);
    assert.deepEqual(readdirSync(path.dirname(upper)).sort(), [
      "carried",
      "stamp",
      "upper",
      "work",
    ]);
  });

  it("keeps sockets for the reader to judge, deep trees, names of any bytes, and holes", async () => {
    using dir = openTempDir();
    const [from, to] = [path.join(dir.path, "from"), path.join(dir.path, "to")];
    mkdirSync(from);
    mkdirSync(to);
    spawnSync("sh", ["-c", SPECIAL], { cwd: from });
    await carry(from, to);
    const deepest = ["-c", "find . -name leaf | tr -d n"];
    const [leaf, original] = [to, from].map((cwd) => spawnSync("sh", deepest, { cwd }).stdout);
    assert.deepEqual(leaf, original);
    for (const one of [to, from]) spawnSync("sh", ["-c", "rm -r nn*"], { cwd: one });
    assert.equal(describeTree(to, { dirTimes: false }), describeTree(from, { dirTimes: false }));
    assert.ok(lstatSync(path.join(to, "sock")).isSocket());
    assert.ok(statSync(path.join(to, "holes")).blocks < 1000);
    assert.equal(statSync(path.join(to, "holes")).size, 2 ** 26);
    assert.ok(readFileSync(path.join(to, "tail"), "latin1").endsWith("end"));
  });

  it("keeps attributes whose names a PAX record would cut", async () => {
    using dir = openTempDir();
    const [from, to] = [path.join(dir.path, "from"), path.join(dir.path, "to")];
    makeTree(from, ["f="]);
    mkdirSync(to);
    const names = ["user.a=b", "user.%3d", "user.ä b\n", "user.empty"];
    for (const name of names)
      native.lsetxattr(path.join(from, "f"), name, Buffer.from(name === "user.empty" ? "" : "v=w"));
    await carry(from, to);
    assert.equal(describeTree(to), describeTree(from));
    assert.deepEqual(native.llistxattr(path.join(to, "f")).toSorted(), names.toSorted());
  });

  it("is replaced as a whole or not at all", async () => {
    using dir = openTempDir();
    const upper = openUpper(dir, ["old=kept"]);
    const whole = toArchive([{ name: "new", body: "data" }]);
    for (const broken of [whole.subarray(0, whole.length - 1024), whole.subarray(0, 3000)]) {
      await assert.rejects(unpack(broken, upper), { code: "damaged" });
      assert.deepEqual(readTree(dir.path), ["upper/", "upper/old=kept"]);
    }
    await unpack(whole, upper);
    assert.deepEqual(readTree(dir.path), ["upper/", "upper/new=data"]);
  });

  it("holds no more than was announced, and no less", async () => {
    using dir = openTempDir();
    const upper = openUpper(dir, []);
    const file = { name: "f", body: "x".repeat(600) };
    await refuse(toArchive([file], { bytes: 599, entries: 2 }), upper);
    await refuse(toArchive([file], { bytes: 600, entries: 1 }), upper);
    await refuse(toArchive([file], { bytes: 601, entries: 2 }), upper);
    await refuse(toArchive([file], { bytes: 600, entries: 3 }), upper);
    await refuse(toArchive([], { bytes: 0, entries: 2 }), upper);
    assert.deepEqual(readTree(upper), []);
    await assert.rejects(unpack(toArchive([file], { bytes: 2 * MiB, entries: 2 }), upper), {
      code: "sandbox-unavailable",
    });
    await unpack(toArchive([file], { bytes: 600, entries: 2 }), upper);
  });
});

const SPECIAL = `
  python3 -c "import socket; socket.socket(socket.AF_UNIX).bind('sock')"
  truncate -s 64M holes; printf start | dd of=holes conv=notrunc bs=1 seek=1000000 status=none
  head -c 300000 /dev/urandom > tail; truncate -s 5M tail; printf end >> tail
  printf x > "$(printf 'a\\n\\377 b')"; ln holes again; ln -s "$(printf 'to\\376')" link; ln -P link link2
  d=.; for i in $(seq 1 60); do d=$d/$(printf 'n%.0s' $(seq 1 200)); mkdir "$d" && cd "$d" && d=.; done; echo leaf > leaf`;

/** Each is refused as the only thing that is wrong, and nothing is left of it. */
const HOSTILE: readonly (readonly [string, readonly RawEntry[]])[] = [
  ["a name that climbs", [{ name: "../escaped", body: "x" }]],
  ["a name that climbs further in", [{ name: "a", flag: "5" }, { name: "a/../../escaped" }]],
  ["an absolute name", [{ name: "/tmp/escaped" }]],
  ["an empty name", [{ name: "" }]],
  ["a climbing name in a record", [{ name: "a", records: { path: "../escaped" } }]],
  ["a parent that is a link", [{ name: "l", flag: "2", target: ".." }, { name: "l/escaped" }]],
  ["a parent that is a file", [{ name: "f" }, { name: "f/escaped" }]],
  ["a parent that is not there", [{ name: "none/escaped" }]],
  [
    "a name a second time",
    [
      { name: "f", body: "1" },
      { name: "f", body: "2" },
    ],
  ],
  [
    "a file through a link",
    [
      { name: "l", flag: "2", target: "../old" },
      { name: "l", body: "x" },
    ],
  ],
  ["a hard link that climbs", [{ name: "h", flag: "1", target: "../upper/old" }]],
  ["a hard link by an absolute name", [{ name: "h", flag: "1", target: "/etc/passwd" }]],
  [
    "a hard link through a link",
    [
      { name: "l", flag: "2", target: ".." },
      { name: "h", flag: "1", target: "l/upper/old" },
    ],
  ],
  ["a hard link to nothing", [{ name: "h", flag: "1", target: "later" }]],
  ["a character device", [{ name: "mem", flag: "3", major: 1 }]],
  ["a block device", [{ name: "disk", flag: "4", major: 8 }]],
  ["an unknown type", [{ name: "odd", flag: "7" }]],
  ["an old GNU name", [{ name: "long", flag: "L", body: "x" }]],
  ["a stranger's file", [{ name: "f", uid: 0, mode: 0o4755 }]],
  ["a stranger's group", [{ name: "f", gid: 0 }]],
  ["an attribute of the kernel's", [{ name: "f", records: { "SCHILY.xattr.trusted.x": "1" } }]],
  ["an attribute that is no text", [{ name: "f", records: { "SCHILY.xattr.user.%ff": "1" } }]],
  ["an unknown record", [{ name: "f", records: { "GNU.sparse.name": "../escaped" } }]],
  ["a body in a directory", [{ name: "d", flag: "5", body: "x" }]],
  [
    "a map that is larger than its file",
    [{ name: "f", body: "xx", records: { "GNU.sparse.size": "3", "GNU.sparse.map": "2,2" } }],
  ],
  [
    "a map that overlaps",
    [{ name: "f", body: "xx", records: { "GNU.sparse.size": "9", "GNU.sparse.map": "0,1,0,1" } }],
  ],
  ["a size that is none", [{ name: "f", records: { size: "-1" } }]],
  ["no time", [{ name: "f", records: { mtime: "now" } }]],
  ["a second top", [{ name: ".", flag: "5" }]],
];

describe("an archive from a daemon that lies", () => {
  for (const [what, entries] of HOSTILE)
    it(`is refused: ${what}`, async () => {
      using dir = openTempDir();
      const upper = openUpper(dir, ["old=kept"]);
      await refuse(toArchive(entries), upper);
      assert.deepEqual(readTree(dir.path), ["upper/", "upper/old=kept"]);
    });

  it("is taken where it tells the truth", async () => {
    using dir = openTempDir();
    const upper = openUpper(dir, ["old=gone"]);
    const honest: readonly RawEntry[] = [
      { name: "d", flag: "5", mode: 0o755 },
      { name: "d/f", body: "xx", records: { "GNU.sparse.size": "9", "GNU.sparse.map": "0,1,3,1" } },
      { name: "d/h", flag: "1", target: "d/f" },
      { name: "l", flag: "2", target: "/etc/passwd" },
      { name: "w", flag: "3" },
      { name: "x", mode: 0o4755, records: { "SCHILY.xattr.user.a": Buffer.from([0, 10, 255]) } },
    ];
    await unpack(toArchive(honest), upper);
    const f = path.join(upper, "d/f");
    assert.equal(readFileSync(f, "latin1"), "x\0\0x\0\0\0\0\0");
    assert.equal(statSync(f).nlink, 2);
    assert.equal(lstatSync(path.join(upper, "w")).rdev, 0);
    assert.equal(statSync(path.join(upper, "x")).mode & 0o7777, 0o4755);
    assert.deepEqual(native.lgetxattr(path.join(upper, "x"), "user.a"), Buffer.from([0, 10, 255]));
  });

  it("is refused with a header that was tampered with, or that is too long to hold", async () => {
    using dir = openTempDir();
    const upper = openUpper(dir, []);
    const tampered = toArchive([{ name: "f" }]);
    tampered[512 + 512 + 10] = 1;
    await refuse(tampered, upper);
    await refuse(toArchive([{ name: "p", flag: "x", size: 2 ** 30 }]), upper);
    await refuse(Buffer.from("not an archive at all".repeat(100)), upper);
    await refuse(Buffer.alloc(0), upper);
  });
});

function openUpper(dir: TempDir, lines: readonly string[]): string {
  const upper = path.join(dir.path, "upper");
  makeTree(upper, lines);
  return upper;
}

/** As from a task with the ids 1000, which are ours where we are not root. */
function unpack(bytes: Buffer, upper: string): Promise<void> {
  return unpackUpper(inPieces(bytes), {
    upper,
    native,
    owners: { uids: new Set([1000]), gids: new Set([1000]) },
    mostBytes: MiB,
  });
}

async function refuse(bytes: Buffer, upper: string): Promise<void> {
  await assert.rejects(unpack(bytes, upper), { name: "SandboxError", code: "damaged" });
}
