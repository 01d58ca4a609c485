import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { isSandboxError } from "../../src/core/error.js";
import { parseSessionId, type SessionId } from "../../src/core/ids.js";
import type { SessionRecord } from "../../src/core/session.js";
import type { ResolveOptions } from "../../src/store/latest.js";
import { openStore, type Store } from "../../src/store/open-store.js";
import { digestOf, toDraft } from "../support/session-draft.js";
import { openTempDir } from "../support/temp-tree.js";

const NOW = Date.parse("2026-05-01T12:00:00.000Z");
const here: ResolveOptions = {
  cwd: "/work/project/src",
  purpose: "read",
  isTerminal: false,
  now: NOW,
};
const change: ResolveOptions = { ...here, purpose: "change" };

/** A session with this id that ended at this time of the day. */
function addSession(
  store: Store,
  id: string,
  ended: string,
  more: Partial<SessionRecord> = {},
): SessionId {
  const session = parseSessionId(id);
  assert.ok(session);
  const endedAt = `2026-05-01T${ended}.000Z`;
  const made = store.createSession(toDraft({ endedAt, startedAt: endedAt, ...more }));
  renameSync(store.sessionDir(made.session), store.sessionDir(session));
  store.updateSession({ ...made, session });
  return session;
}

function listsBoth(error: unknown, ids: readonly string[]): boolean {
  assert.ok(isSandboxError(error) && error.code === "usage");
  assert.deepEqual(
    error.list.map((line) => line.split(" ")[0]),
    ids,
  );
  return true;
}

test("a session is found by its id and by any unique prefix of at least four characters", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const first = addSession(store, "s-aaaaaaaaaa", "01:00:00");
  const second = addSession(store, "s-aaaabbbbbb", "02:00:00");
  for (const [text, id] of [
    ["s-aaaaaaaaaa", first],
    ["s-aaaaa", first],
    ["s-aaaab", second],
  ] as const)
    assert.equal((await store.resolveSession(text, here)).record.session, id);
  await assert.rejects(store.resolveSession("s-aaaa", here), (error) =>
    listsBoth(error, ["s-aaaaaaaaaa", "s-aaaabbbbbb"]),
  );
});

test("what cannot be a session is a usage error that says why", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  addSession(store, "s-aaaaaaaaaa", "01:00:00");
  for (const text of [
    "",
    "s-",
    "s-a",
    "s-aaaaaaaaaaa",
    "s-AAAA",
    "s-aa1a",
    "../x",
    "a b",
    "-x",
    "c-aaaaaaaaaa",
    "c-aaaa",
  ])
    await assert.rejects(store.resolveSession(text, here), { code: "usage" }, text);
  for (const text of ["s-bbbbbbbbbb", "s-bbbb", "unknown-name"])
    await assert.rejects(store.resolveSession(text, here), { code: "not-found" }, text);
});

test("a name means the live session, else the last that had it", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  addSession(store, "s-aaaaaaaaaa", "01:00:00", { name: "build", state: "committed" });
  addSession(store, "s-bbbbbbbbbb", "02:00:00", { name: "build", state: "discarded" });
  assert.equal((await store.resolveSession("build", here)).record.session, "s-bbbbbbbbbb");
  const live = addSession(store, "s-cccccccccc", "00:00:00", { name: "build" });
  assert.equal((await store.resolveSession("build", here)).record.session, live);
});

test("latest is the newest ended session of a workspace around the current directory", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  addSession(store, "s-aaaaaaaaaa", "01:00:00");
  addSession(store, "s-bbbbbbbbbb", "02:00:00", { state: "committed" });
  addSession(store, "s-cccccccccc", "03:00:00", { workspaces: ["/work/project-2"] });
  const { endedAt: _, ...running } = { endedAt: "", state: "running" as const };
  addSession(store, "s-dddddddddd", "04:00:00", running);
  const found = await store.resolveSession("latest", here);
  assert.equal(found.record.session, "s-bbbbbbbbbb");
  assert.match(found.notice ?? "", /^latest: s-bbbbbbbbbb .*\/work\/project/);
  const elsewhere = await store.resolveSession("latest", { ...here, cwd: "/somewhere" });
  assert.equal(elsewhere.record.session, "s-cccccccccc");
});

test("a change of latest is of another project than one stands in only where there is but one", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const other = addSession(store, "s-aaaaaaaaaa", "01:00:00");
  for (const isTerminal of [true, false]) {
    const elsewhere = { ...change, isTerminal, cwd: "/somewhere" };
    assert.equal((await store.resolveSession("latest", elsewhere)).record.session, other);
  }
  addSession(store, "s-bbbbbbbbbb", "02:00:00", { workspaces: ["/work/project-2"] });
  for (const isTerminal of [true, false])
    await assert.rejects(
      store.resolveSession("latest", { ...change, isTerminal, cwd: "/somewhere" }),
      (error) => listsBoth(error, ["s-aaaaaaaaaa", "s-bbbbbbbbbb"]),
    );
  const read = await store.resolveSession("latest", { ...here, cwd: "/somewhere" });
  assert.equal(read.record.session, "s-bbbbbbbbbb", "control: to read it is the newest");
});

test("latest passes over what changed nothing and was pruned", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const counts = { added: 0, modified: 0, deleted: 0 };
  const older = addSession(store, "s-aaaaaaaaaa", "01:00:00");
  const empty = addSession(store, "s-bbbbbbbbbb", "02:00:00", { counts });
  const changeset = path.join(store.sessionDir(empty), "changeset.json");
  writeFileSync(changeset, "{}");
  const before = await store.resolveSession("latest", here);
  assert.equal(before.record.session, empty, "control: with its changeset it is the latest");
  store.removeSession(empty, { keepRecord: true });
  assert.equal((await store.resolveSession("latest", here)).record.session, older);
  assert.equal((await store.resolveSession(empty, here)).record.session, empty, "by its id");
});

test("latest of nothing is not found", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  await assert.rejects(store.resolveSession("latest", here), { code: "not-found" });
  addSession(store, "s-aaaaaaaaaa", "01:00:00", { state: "running" });
  await assert.rejects(store.resolveSession("latest", here), { code: "not-found" });
});

test("without a terminal a change of latest needs a single candidate of the last hour", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  addSession(store, "s-aaaaaaaaaa", "11:10:00");
  addSession(store, "s-bbbbbbbbbb", "11:20:00");
  await assert.rejects(store.resolveSession("latest", change), (error) =>
    listsBoth(error, ["s-aaaaaaaaaa", "s-bbbbbbbbbb"]),
  );
  const chosen = "s-bbbbbbbbbb";
  for (const allowed of [here, { ...change, isTerminal: true }, { ...change, now: NOW + 900_000 }])
    assert.equal((await store.resolveSession("latest", allowed)).record.session, chosen);
});

test("sessions of other workspaces, settled ones and ones without changes are no candidates", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const counts = { added: 0, modified: 0, deleted: 0 };
  addSession(store, "s-aaaaaaaaaa", "11:10:00", { workspaces: ["/work/other"] });
  addSession(store, "s-bbbbbbbbbb", "11:20:00", { state: "committed" });
  addSession(store, "s-cccccccccc", "11:30:00", { counts });
  addSession(store, "s-dddddddddd", "11:40:00", { counts: { ...counts, added: 1 } });
  const found = await store.resolveSession("latest", change);
  assert.equal(found.record.session, "s-dddddddddd");
  addSession(store, "s-eeeeeeeeee", "11:50:00", { state: "interrupted" });
  await assert.rejects(store.resolveSession("latest", change), { code: "usage" });
});

test("a damaged session does not hide the others, and is named when it is asked for", async () => {
  using dir = openTempDir();
  const store = openStore({ home: dir.path });
  const bad = addSession(store, "s-aaaaaaaaaa", "05:00:00");
  const file = path.join(store.sessionDir(bad), "session.json");
  writeFileSync(file, "{");
  addSession(store, "s-bbbbbbbbbb", "02:00:00", { digest: digestOf("a") });
  assert.equal((await store.resolveSession("latest", here)).record.session, "s-bbbbbbbbbb");
  for (const text of ["s-aaaaaaaaaa", "s-aaaa"])
    await assert.rejects(store.resolveSession(text, here), {
      code: "damaged",
      message: new RegExp(file),
    });
});
