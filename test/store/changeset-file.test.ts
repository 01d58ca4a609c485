import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { BaseState, Change, Changeset, NextState } from "../../src/core/change.js";
import { decodeName, joinPath, parseRelPath, ROOT_PATH } from "../../src/core/path.js";
import { openStore } from "../../src/store/open-store.js";
import { digestOf, toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

const before: BaseState = {
  type: "file",
  mode: 0o4755,
  uid: 0,
  gid: 4294967294,
  size: 3,
  mtimeNs: "-1",
  ctimeNs: "1700000000000000001",
  ino: "18446744073709551615",
  dev: "2050",
  nlink: 2,
  digest: digestOf("1"),
  xattrs: { "user.x": "AA==" },
};
const after: NextState = {
  type: "symlink",
  mode: 0o777,
  uid: "user",
  gid: "base",
  size: 4,
  mtimeNs: "0",
  target: "../\u0001",
  linkGroup: parseRelPath("a"),
  upper: { ino: "1", ctimeNs: "2" },
};
const oddName = joinPath(ROOT_PATH, decodeName(Uint8Array.of(0x66, 0xff, 0x0a, 0x1b)));
const changes: readonly Change[] = [
  { workspace: 0, path: parseRelPath("a"), kind: "modify", before, after, digest: digestOf("2") },
  { workspace: 1, path: oddName, kind: "add", after, digest: digestOf("3") },
  {
    workspace: 0,
    path: ROOT_PATH,
    kind: "delete",
    before,
    hostTouched: "ctime",
    digest: digestOf("4"),
  },
];
const changeset: Changeset = {
  schema: "changeset/1",
  workspaces: ["/work/a", "/work/b\n"],
  changes,
  notices: [{ workspace: 0, path: oddName, kind: "socket-skipped", text: "a socket" }],
  digest: digestOf("5"),
};

function openSession(home: string) {
  const store = openStore({ home });
  const { session } = store.createSession(toDraft());
  return { store, session, file: path.join(store.sessionDir(session), "changeset.json") };
}

test("a changeset comes back as it was, and its file is JSON", async () => {
  using dir = openTempDir();
  const { store, session, file } = openSession(dir.path);
  for (const written of [changeset, { ...changeset, changes: [], notices: [] }]) {
    store.writeChangeset(session, written);
    assert.deepEqual(await store.readChangeset(session), written);
    const { count, ...object } = JSON.parse(readFileSync(file, "utf8"));
    assert.equal(count, written.changes.length);
    assert.deepEqual(object, written);
  }
});

test("names of marks without values, as older builds kept them, are as if nobody had looked", async () => {
  using home = openTempDir();
  const { store, session, file } = openSession(home.path);
  store.writeChangeset(session, changeset);
  const text = readFileSync(file, "utf8");
  const older = text.replaceAll('"ctimeNs":"2"', '"ctimeNs":"2","marks":["user.overlay.origin"]');
  assert.notEqual(older, text);
  writeFileSync(file, older);
  assert.deepEqual(await store.readChangeset(session), changeset);
  writeFileSync(file, older.replaceAll('["user.overlay.origin"]', "[1]"));
  await assert.rejects(async () => store.readChangeset(session), { code: "damaged" });
});

test("thousands of changes come back in order, across the pieces they are read in", async () => {
  using dir = openTempDir();
  const { store, session } = openSession(dir.path);
  const many = Array.from(
    { length: 5_001 },
    (_, index): Change => ({
      ...{ workspace: 0, kind: "delete", before, digest: digestOf("6") },
      path: parseRelPath(`dir/${"ü".repeat(index % 97)}${index}`),
    }),
  );
  store.writeChangeset(session, { ...changeset, changes: many });
  const back = await store.readChangeset(session);
  assert.deepEqual(
    back.changes.map((one) => one.path),
    many.map((one) => one.path),
  );
});

test("a session without a changeset says so", async () => {
  using dir = openTempDir();
  const { store, session } = openSession(dir.path);
  await assert.rejects(store.readChangeset(session), {
    code: "not-found",
    message: new RegExp(session),
  });
});

test("a changeset that was cut, edited or lengthened is damaged, and is kept", async () => {
  using dir = openTempDir();
  const { store, session, file } = openSession(dir.path);
  store.writeChangeset(session, changeset);
  const whole = readFileSync(file, "utf8");
  const lines = whole.split("\n");
  const edits: Readonly<Record<string, string>> = {
    "cut in a line": whole.slice(0, whole.length / 2),
    "cut after a line": `${lines.slice(0, 2).join("\n")}\n`,
    "without its end": `${lines.slice(0, -2).join("\n")}\n`,
    "without a change": [...lines.slice(0, 1), ...lines.slice(2)].join("\n"),
    "with a change twice": [...lines.slice(0, 2), ...lines.slice(1)].join("\n"),
    "with more after its end": `${whole}{}\n`,
    "with another kind": whole.replace('"modify"', '"rename"'),
    "with a kind that does not fit": whole.replace('"modify"', '"add"'),
    "with a path that leaves": whole.replace('"path":"a"', '"path":"../a"'),
    "with a mode too great": whole.replace(`"mode":${0o4755}`, `"mode":${0o14755}`),
    "with a field unknown": whole.replace('"nlink":2', '"nlink":2,"x":1'),
    "with __proto__": whole.replace('"nlink":2', '"nlink":2,"__proto__":{}'),
    "with a field missing": whole.replace('"nlink":2,', ""),
    "with a workspace it has not": whole.replace('"workspace":1', '"workspace":7'),
    "of another version": whole.replace("changeset/1", "changeset/2"),
    empty: "",
  };
  for (const [what, text] of Object.entries(edits)) {
    assert.notEqual(text, whole, what);
    writeFileSync(file, text);
    await assert.rejects(store.readChangeset(session), { code: "damaged" }, what);
    assert.equal(readFileSync(file, "utf8"), text);
  }
  writeFileSync(file, whole);
  assert.deepEqual(await store.readChangeset(session), changeset);
});
